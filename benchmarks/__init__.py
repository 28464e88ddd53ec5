"""`make bench`: Sendoff beside `ssh … tar`, rsync and Ansible, on a farm of real SSH daemons."""
