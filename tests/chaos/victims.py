"""Who is struck, how, and which ends are right then."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prefect.states import Crashed

from tests.chaos.cell import Cell
from tests.chaos.processes import tree
from tests.chaos.world import LEASE, STOPPED, World, until
from tests.kit.runs import processes, send

MORE = ("Refused", "Failed", "Errored", "Undone")  # what is right as well when something is not mended
FULL = ("no space left", "i/o error", "are free, expected")  # how it is said that a disk is full


class Victim:
    """Something that can be struck while releases stand at their boundaries, for many of them at once."""

    name = ""
    wave = 10  # releases that are struck in one world, one after the other or at once
    group = 0  # those of them that are under way at a time, struck when they are ready; 0: all of them
    idle = False  # whether a minute passes in which nothing happens
    lasts = 120.0  # seconds until those that are under way at a time are over, at most, on a slow machine
    on_host = False  # whether it is a host, or the way to one
    also: tuple[str, ...] = ()  # ends that are right besides the story's own
    about: tuple[str, ...] = ()  # words of which such an end has to say one

    def __init__(self, short: bool = False) -> None:
        """`short`: do not wait for what only shows how long it takes."""
        self.short = short
        self.away = 3.0 if short else 60.0  # seconds that a server is away

    @classmethod
    def is_possible(cls) -> bool:
        """Tell whether it can be struck on this machine, by this user."""
        return True

    def prepare(self, world: World, cells: Sequence[Cell]) -> None:
        """Do what is needed before the releases start."""

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        """Strike, let the releases go on, and mend what somebody would mend."""
        raise NotImplementedError

    def afterwards(self, world: World, cells: Sequence[Cell]) -> None:
        """Bring back, when all releases are over, what nobody mended before."""


class Flow(Victim):
    name, wave, group = "flow", 12, 4

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        for cell in cells:
            send(processes(cell.run), signal.SIGKILL)
            cell.go()


class Zombie(Victim):
    """A process stands still until its lease has expired and another has gone on; then it wakes."""

    name, wave, group = "zombie", 12, 4

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        pids = {cell.run: processes(cell.run) for cell in cells}
        for cell in cells:
            send(pids[cell.run], signal.SIGSTOP)
        time.sleep(LEASE + 1)
        for cell in cells:
            cell.strike()
            world.set_state(cell.run, Crashed(message="believed dead"))
        for cell in cells:
            until(cell.resumed, f"{cell.name} goes on in another process", pause=0.5)
            cell.go()
            send(pids[cell.run], signal.SIGCONT)


class Worker(Victim):
    """A worker's machine dies; a worker on another one is started."""

    name, wave, idle, lasts = "worker", 5, True, 240.0

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        world.kill("worker")
        world.start_worker()
        for cell in cells:
            cell.go()
            if self.short:  # else it is Prefect that notices the silence
                world.set_state(cell.run, Crashed(message="believed dead"))


class PrefectServer(Victim):
    name, wave, idle, lasts = "server", 23, True, 400.0

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        world.kill("server")
        for cell in cells:
            cell.go()
        time.sleep(self.away)
        world.start_server()


class Database(Victim):
    """PostgreSQL, in which both the ledger and what Prefect knows are."""

    name, wave, idle, lasts = "database", 23, True, 400.0

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        send(tree(world.database.process.pid), signal.SIGKILL)
        world.database.process.wait()
        for cell in cells:
            cell.go()
        time.sleep(self.away)
        world.database.start()


class Sshd(Victim):
    """The SSH daemon of one host, with its sessions; commands that it had started go on without it."""

    name, on_host = "sshd", True

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        world.kill(STOPPED, only="sshd")
        for cell in cells:
            cell.go()
        world.farm.start_again(STOPPED, world.processes)


class Connection(Victim):
    """The way to one host is cut for a moment; the host does not hear of it."""

    name, on_host = "connection", True

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        proxy = world.hosts[STOPPED].proxy
        proxy.cut()
        for cell in cells:
            cell.go()
        time.sleep(1)
        proxy.mend()

    def afterwards(self, world: World, cells: Sequence[Cell]) -> None:
        world.hosts[STOPPED].proxy.forget()


class Clock(Victim):
    """The clock of one host goes back an hour, and stays there."""

    name, on_host, also, about = "clock", True, MORE, ("clock",)

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        world.hosts[STOPPED].clock.touch()
        for cell in cells:
            cell.go()

    def afterwards(self, world: World, cells: Sequence[Cell]) -> None:
        world.hosts[STOPPED].clock.unlink()


class HostDisk(Victim):
    """The disk of one host is full until the release is over."""

    name, on_host, also, about = "disk of a host", True, MORE, FULL

    @classmethod
    def is_possible(cls) -> bool:
        return can_mount()

    def prepare(self, world: World, cells: Sequence[Cell]) -> None:
        for cell in cells:
            mount(cell.root(STOPPED), "16m")

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        for cell in cells:
            fill(cell.root(STOPPED))
            cell.go()

    def afterwards(self, world: World, cells: Sequence[Cell]) -> None:
        for cell in cells:
            (cell.root(STOPPED) / "filler").unlink()


class WorkerDisk(Victim):
    """The disk of the worker is full until the releases are over; what workers share is elsewhere."""

    name, also, about = "disk of the worker", MORE, FULL

    @classmethod
    def is_possible(cls) -> bool:
        return can_mount()

    def prepare(self, world: World, cells: Sequence[Cell]) -> None:
        world.kill("worker")
        self.disk = world.folder / f"disk-{cells[0].name}"
        mount(self.disk, "64m")
        world.start_worker(self.disk)

    def strike(self, world: World, cells: Sequence[Cell]) -> None:
        fill(self.disk)
        for cell in cells:
            cell.go()

    def afterwards(self, world: World, cells: Sequence[Cell]) -> None:
        (self.disk / "filler").unlink()


VICTIMS: tuple[type[Victim], ...] = (
    Flow, Worker, PrefectServer, Database, Sshd, Connection, Zombie, Clock, HostDisk, WorkerDisk
)  # fmt: skip


def mount(folder: Path, size: str) -> None:
    """Mount a small disk; only root may."""
    folder.mkdir(parents=True)
    command = ("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))
    subprocess.run(command, check=True, capture_output=True)


def unmount(below: Path) -> None:
    """Take away all disks that were mounted below a folder."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    for point in (line.split()[1] for line in lines):
        if point.startswith(f"{below}/"):
            subprocess.run(("umount", "--lazy", point), check=True)


def fill(folder: Path) -> None:
    """Leave no room on a disk."""
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))


def can_mount() -> bool:
    """Tell whether small disks can be mounted: by root, and not in every container."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            mount(Path(folder) / "disk", "1m")
        except subprocess.CalledProcessError:
            return False
        unmount(Path(folder))
    return True
