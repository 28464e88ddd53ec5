"""`make bench`: prepare a farm, run all tools in turn, print the table and write the plot."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks import rules
from benchmarks.bench import FULL, NEXT_ONLY, Bench, Options
from benchmarks.farm import Farm
from benchmarks.workload import Workload
from examples.processes import Processes
from sendoff.errors import PolicyRefused, SendoffError

FOLDER = Path("build-output", "bench")
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of its own is made in it
PER_HOST = 250_000_000  # bytes: two trees and an archive
TOOLS = (*FULL, *NEXT_ONLY)


def main(words: list[str]) -> int:
    """Run the benchmark; 0 when every tool did its work or said why it is not measured."""
    options = _options(words)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    folder = FOLDER.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder / "logs", os.environ)
    rules.main()
    try:
        with _alone(folder), _fast_folder(folder, max(options.hosts)) as data:
            print(f"The hosts' folders are {'in memory' if data.is_relative_to(MEMORY) else 'on disk'}.")
            try:
                names = [f"h{number:02}" for number in range(1, max(options.hosts) + 1)]
                farm = Farm(data / "farm", data / "hosts", names)
                return Bench(options, folder, farm, Workload(folder / "work"), processes).run()
            finally:
                processes.stop()
    except KeyboardInterrupt:
        return 130
    except SendoffError as error:
        print(error, file=sys.stderr)
        return 1


def _options(words: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Compare Sendoff with ssh, rsync and Ansible."
    )
    parser.add_argument(
        "--hosts", type=_numbers, default=(1, 10, 50), help="numbers of hosts, such as 1,10,50"
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often everything is run")
    parser.add_argument("--only", type=_tools, default=TOOLS, help=f"some of {','.join(TOOLS)}")
    parser.add_argument("--fanout", type=int, default=8, help="hosts at a time for ssh and rsync")
    parser.add_argument(
        "--minutes", type=float, default=12, help="after so many, nothing is repeated any more"
    )
    parser.add_argument("--quick", action="store_true", help="1 and 10 hosts, once")
    asked = parser.parse_args(words)
    if asked.quick:
        asked.hosts, asked.repeat = (1, 10), 1
    return Options(asked.hosts, asked.repeat, asked.only, asked.fanout, asked.minutes * 60)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({max(int(each), 1) for each in text.split(",")}))


def _tools(text: str) -> tuple[str, ...]:
    asked = text.split(",")
    if unknown := sorted(set(asked) - set(TOOLS)):
        raise argparse.ArgumentTypeError(
            f"no such tool: {', '.join(unknown)}, expected some of {', '.join(TOOLS)}"
        )
    return tuple(tool for tool in TOOLS if tool in asked)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse to be the second here: two would spoil each other's figures and files."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PolicyRefused(
                f"{folder}: a benchmark runs here already, expected none; wait for it"
            ) from None
        yield


@contextmanager
def _fast_folder(otherwise: Path, hosts: int) -> Iterator[Path]:
    """Give a folder in memory where there is room, for each real host has a disk of its own; else on disk."""
    roomy = _has_room(MEMORY, hosts * PER_HOST)
    folder = Path(tempfile.mkdtemp(dir=MEMORY if roomy else otherwise, prefix="sendoff-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room(folder: Path, size: int) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > size


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
