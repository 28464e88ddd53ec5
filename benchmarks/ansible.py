"""Ansible, installed beside the results on demand, and what it is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

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
    if (folder / "bin" / "ansible-playbook").exists():
        return None
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return "uv is not here to install it with"
    python = str(folder / "bin" / "python")
    for command in (
        (uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)),
        (uv, "pip", "install", "--quiet", "--python", python, "ansible-core"),
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"it could not be installed: {last.strip()}"
    return None
