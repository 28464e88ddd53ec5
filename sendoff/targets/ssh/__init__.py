"""Hosts over SSH: one connection a host, one stream a release, POSIX sh on the other end."""
