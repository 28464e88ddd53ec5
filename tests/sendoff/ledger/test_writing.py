"""Several processes write to one ledger, and one of them is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseHeld

spawn = multiprocessing.get_context("spawn")


def append_many(url: str, release: str, count: int) -> None:
    ledger = Ledger.open(url)
    for number in range(count):
        ledger.append(
            release, "step.done", release, {"number": number, "padding": "x" * 500}, key=str(number)
        )


def take(url: str, release: str, won: str) -> None:
    ledger = Ledger.open(url)
    try:
        ledger.take_lease("storefront/production", release, release, "a release")
    except LeaseHeld:
        return
    (Path(won) / release).touch()


def test_four_processes_open_and_append_at_once(url: str) -> None:
    """Four processes make the ledger together and append 100 events each: one chain, nothing lost."""
    processes = [spawn.Process(target=append_many, args=(url, f"r{number}", 100)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    ledger = Ledger.open(url)
    assert [process.exitcode for process in processes] == [0] * 4
    assert ledger.head().number == 400
    assert ledger.verify() is None


def append_in_threads(url: str, process: int) -> None:
    with closing(Ledger.open(url)) as ledger, ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda n: append_some(ledger, f"r{process}.{n}"), range(5)))


def append_some(ledger: Ledger, release: str) -> None:
    for number in range(10):
        ledger.append(release, "step.done", release, {"number": number})


def test_threads_of_several_processes(url: str) -> None:
    """Fifteen threads in three processes: one chain, and each finds its events in the order it wrote them."""
    processes = [spawn.Process(target=append_in_threads, args=(url, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    with closing(Ledger.open(url)) as ledger:
        assert (ledger.head().number, ledger.verify()) == (150, None)
        assert [event.body["number"] for event in ledger.events("r1.3")] == list(range(10))


def test_a_writer_that_is_killed_leaves_whole_events(ledger: Ledger, url: str) -> None:
    """After kill -9 of a writer the chain verifies, and who comes next carries on where it was."""
    process = spawn.Process(target=append_many, args=(url, "r1", 100_000))
    process.start()
    deadline = time.monotonic() + 30
    while ledger.head().number < 20 and time.monotonic() < deadline:
        pass
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    count = ledger.head().number
    assert count >= 20
    assert [event.body["number"] for event in ledger.events("r1")] == list(range(count))
    append_many(url, "r1", count + 3)
    assert ledger.head().number == count + 3
    assert ledger.verify() is None


def test_of_four_processes_one_gets_the_lease(url: str, tmp_path: Path) -> None:
    """Four releases in processes of their own want one environment at once: one gets it."""
    won = tmp_path / "won"
    won.mkdir()
    processes = [spawn.Process(target=take, args=(url, f"r{number}", str(won))) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    ledger = Ledger.open(url)
    assert [path.name for path in won.iterdir()] == [lease.release for lease in ledger.leases()]
    assert len(ledger.events(kinds=("lease.taken",))) == 1
