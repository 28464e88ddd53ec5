"""Running commands: lines, time limits, and nothing left behind."""

import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.process import Lines, stream


def run(tmp_path: Path, script: str, timeout: float = 20) -> tuple[int | None, list[str]]:
    """Run a shell script and collect what it says."""
    heard: list[str] = []
    code = stream(("/bin/sh", "-c", script), tmp_path, {"PATH": os.environ["PATH"]}, timeout, heard.append)
    return code, heard


def has_ended(pid: int) -> bool:
    """Tell, within some seconds, whether a process is gone."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
    return False


@given(st.lists(st.binary(max_size=12)))
def test_pieces(pieces: list[bytes]) -> None:
    """However output is cut into pieces, the lines are those of the whole."""
    whole, lines = b"".join(pieces), Lines()
    told = [line for piece in pieces for line in lines.feed(piece)] + list(lines.end())
    expected = whole.split(b"\n")
    expected = expected if expected[-1] else expected[:-1]
    assert told == [line.decode("utf-8", "backslashreplace").rstrip("\r") for line in expected]


def test_long_line() -> None:
    """A line that is too long is replaced whole, and the next one is not."""
    lines = Lines(longest=10)
    assert [*lines.feed(b"12345678"), *lines.feed(b"9012\nnext\n1234567890"), *lines.end()] == [
        "(a line of 12 bytes is left out)",
        "next",
        "1234567890",
    ]


def test_output_and_code(tmp_path: Path) -> None:
    """Both outputs are heard in order, undecodable bytes too, and the code is given."""
    assert run(tmp_path, "echo one; echo two >&2; printf 'l\\351\\nend'; exit 3") == (
        3,
        ["one", "two", "l\\xe9", "end"],
    )


def test_killed_command(tmp_path: Path) -> None:
    """A command that a signal ended has a negative code."""
    assert run(tmp_path, "kill -KILL $$")[0] == -signal.SIGKILL


def test_timeout_of_a_stubborn_tree(tmp_path: Path) -> None:
    """A tree of processes that ignores SIGTERM is gone after the time limit."""
    code, heard = run(
        tmp_path, "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done'", 0.5
    )
    assert code is None
    assert has_ended(int(heard[0]))


def test_child_left_behind(tmp_path: Path) -> None:
    """A child that holds the output open after the command is not waited for, and is ended."""
    before = time.monotonic()
    code, heard = run(tmp_path, "sleep 60 & echo $!")
    assert code == 0
    assert time.monotonic() - before < 10
    assert has_ended(int(heard[0]))


def test_output_closed_early(tmp_path: Path) -> None:
    """A command that closes its output and goes on is waited for."""
    code, _ = run(tmp_path, "exec >&- 2>&-; sleep 0.3; echo x > done; exit 4")
    assert code == 4
    assert (tmp_path / "done").exists()


def test_nothing_to_ask(tmp_path: Path) -> None:
    """A command has no input and no terminal to ask on."""
    assert run(tmp_path, "cat; (: < /dev/tty) 2>/dev/null || echo none") == (0, ["none"])


def test_listener_that_fails(tmp_path: Path) -> None:
    """When the listener fails, the command does not go on."""
    pids: list[int] = []

    def hear(line: str) -> None:
        pids.append(int(line))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stream(("/bin/sh", "-c", "echo $$; sleep 60"), tmp_path, {"PATH": os.environ["PATH"]}, 20, hear)
    assert has_ended(pids[0])
