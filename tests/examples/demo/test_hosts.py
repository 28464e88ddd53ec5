"""The embedded hosts as a process of their own: ready when it says so, and gone without a trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from examples.demo.hosts import EmbeddedHosts
from sendoff.targets.ssh.connection import connect
from sendoff.targets.ssh.login import Login

DAEMON = 'setsid sh -c \'echo $$ > "$0"; exec env -i sleep 300\' "$1" >/dev/null 2>&1 </dev/null &'
TIDY = """trap 'sleep 0.3; rm "$0"; exit' TERM; touch "$0"; echo ready; while :; do sleep 0.05; done"""


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_of_hosts(tmp_path: Path) -> None:
    """It serves what hosts.json says; told to stop, it ends daemons that hid from it, too."""
    command = [
        sys.executable,
        "-m",
        "examples.demo.hosts",
        "--folder",
        str(tmp_path),
        "--names",
        "web-1,web-2",
    ]
    serving = subprocess.Popen(command)
    try:
        wait_for((tmp_path / "hosts.json").exists)
        hosts = json.loads((tmp_path / "hosts.json").read_text())
        assert list(hosts) == ["web-1", "web-2"]
        login = Login(
            user="u", private_key_file=str(tmp_path / "client_key"), known_hosts=str(tmp_path / "known_hosts")
        )
        host, note = hosts["web-2"], tmp_path / "pid"
        with connect(host["address"], host["port"], login, "web-2") as session:
            assert session.run(["pwd"]).output.strip() == host["folder"]
            assert session.run(["sh", "-c", DAEMON, "sh", str(note)]).code == 0
            wait_for(lambda: note.exists() and note.read_text().strip())
        daemon = Path("/proc") / note.read_text().strip()
        wait_for(lambda: b"sleep" in (daemon / "cmdline").read_bytes())
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
        assert not daemon.exists()
    finally:
        serving.kill()
        serving.wait()


def test_hung_up_command_tidies_up(tmp_path: Path) -> None:
    """What a command does when it is told to end, is done before anything is killed."""
    work = tmp_path / "work"
    with EmbeddedHosts(tmp_path, ["web-1"]) as hosts:
        login = Login(user="u", private_key_file=str(hosts.client_key), known_hosts=str(hosts.known_hosts))
        host = hosts.hosts["web-1"]
        with connect(host.address, host.port, login, "web-1") as session:
            with session.talk(["sh", "-c", TIDY, str(work)], timeout=10) as talk:
                assert talk.line() == "ready"
            wait_for(lambda: not work.exists())
