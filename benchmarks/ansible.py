"""Ansible, installed beside the results on demand, and what it is told."""

from __future__ import annotations

from pathlib import Path

from benchmarks import tools

CONFIG = """[defaults]
forks = 50
gathering = explicit
host_key_checking = True
display_ok_hosts = False
display_skipped_hosts = False
retry_files_enabled = False
[ssh_connection]
pipelining = True
"""
SSH_ARGUMENTS = "-o ControlMaster=auto -o ControlPersist=60s -o Compression=no"

COPY = """- hosts: all
  tasks:
    - ansible.builtin.copy: {src: "{{ archive }}", dest: "{{ root }}/{{ release }}.tar.gz"}
    - ansible.builtin.shell: |
        set -e
        mkdir -p "{{ root }}/releases/{{ release }}"
        tar xzf "{{ root }}/{{ release }}.tar.gz" -C "{{ root }}/releases/{{ release }}"
        rm "{{ root }}/{{ release }}.tar.gz"
    - ansible.builtin.file:
        {src: "releases/{{ release }}", dest: "{{ root }}/current", state: link, force: true}
"""
# What ansible.posix.synchronize does, with the modules that Ansible itself brings.
RSYNC = """- hosts: all
  tasks:
    - ansible.builtin.command:
        argv:
          - rsync
          - -a
          - --delete
          - "--link-dest={{ root }}/current/"
          - -e
          - "ssh -F {{ config }}"
          - "{{ tree }}/"
          - "{{ inventory_hostname }}:{{ root }}/releases/{{ release }}/"
      delegate_to: localhost
    - ansible.builtin.file:
        {src: "releases/{{ release }}", dest: "{{ root }}/current", state: link, force: true}
"""
PLAYBOOKS = {"ansible": COPY, "ansible-rsync": RSYNC}


def install(folder: Path) -> str | None:
    """Install Ansible into a virtual environment, once; gives the reason where that does not work."""
    return tools.install(folder, "ansible-core", "ansible-playbook")
