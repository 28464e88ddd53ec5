"""Hosts for the demo and the tests: SSH servers in this process that run real commands, in a folder each."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import asyncssh

from examples.ports import free_port

GRACE = 1.0  # seconds: for a command to end by itself once it was told to, or its output after it has ended
MARK = "SENDOFF_DEMO_WORLD"
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class EmbeddedHost:
    """One host: where it listens, and the folder that is its world. `host_key` as known_hosts has it."""

    name: str
    address: str
    port: int
    folder: Path
    host_key: str


class EmbeddedHosts:
    """SSH servers on 127.0.0.1 with keys of their own; only the key in `client_key` is let in.

    `heard` is called whenever a host is told to run something.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        ports: Mapping[str, int] | None = None,
        *,
        jump: bool = False,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder, self.names = folder, tuple(names)
        self.client_key, self.known_hosts = folder / "client_key", folder / "known_hosts"
        self.hosts: dict[str, EmbeddedHost] = {}
        self._ports, self._jump, self._heard = dict(ports or {}), jump, heard
        self._world = uuid.uuid4().hex
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._servers: dict[str, asyncssh.SSHAcceptor] = {}
        self._guests: dict[str, set[asyncssh.SSHServerConnection]] = {name: set() for name in names}

    def start(self) -> Self:
        """Listen; when this returns, connections are taken."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded hosts", daemon=True)
        self._thread.start()
        self._await(self._listen())
        return self

    def stop(self) -> None:
        """Hang up, and end every command and daemon that was started here."""
        if self._loop is None or self._thread is None:
            return
        self._await(self._hang_up(list(self._servers)))
        self._await(_settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None
        _end(_marked(f"{MARK}={self._world}"))

    def stop_host(self, name: str) -> None:
        """Let one host die as if its power failed: connections break, commands end."""
        self._await(self._hang_up([name]))
        _end(_marked(f"{MARK}={self._world}{name}\0"))

    def start_host(self, name: str) -> None:
        """Let a host that died come back, at the same port with the same key and the same folder."""
        self._await(self._listen_one(name, self.hosts[name].port))

    def _await(self, work: Any) -> None:
        assert self._loop is not None  # noqa: S101  # start() comes first
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _listen(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        _key(self.client_key)
        for name in self.names:
            await self._listen_one(name, self._ports.get(name) or free_port())
        lines = [f"[{host.address}]:{host.port} {host.host_key}\n" for host in self.hosts.values()]
        self.known_hosts.write_text("".join(lines))

    async def _listen_one(self, name: str, port: int) -> None:
        world = self.folder / "hosts" / name
        world.mkdir(parents=True, exist_ok=True)
        key = _key(self.folder / f"host_key_{name}")
        server = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[key],
            server_factory=lambda: _Doorkeeper(self._guests[name], self._jump),
            authorized_client_keys=f"{self.client_key}.pub",
            process_factory=lambda process: self._run(process, world, name),
            encoding=None,
            allow_pty=False,
            reuse_address=True,
        )
        public = " ".join(key.export_public_key().decode().split()[:2])
        self._servers[name] = server
        self.hosts[name] = EmbeddedHost(name, "127.0.0.1", server.get_port(), world, public)

    async def _run(self, process: asyncssh.SSHServerProcess[bytes], world: Path, name: str) -> None:
        self._heard()
        await _run(process, world, self._world + name)

    async def _hang_up(self, names: Sequence[str]) -> None:
        for name in names:
            if server := self._servers.pop(name, None):
                server.close()
                for guest in list(self._guests[name]):
                    guest.abort()
                await server.wait_closed()
        await asyncio.sleep(0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Doorkeeper(asyncssh.SSHServer):
    """Keeps count of who is connected, and lets nothing be forwarded except through a jump host."""

    def __init__(self, guests: set[asyncssh.SSHServerConnection], jump: bool) -> None:
        self._guests, self._jump = guests, jump
        self._guest: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._guest = conn
        self._guests.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._guest:
            self._guests.discard(self._guest)

    def begin_auth(self, username: str) -> bool:
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._jump


async def _run(process: asyncssh.SSHServerProcess[bytes], world: Path, mark: str) -> None:
    """Run a command in a session of its own; it is ended when the channel closes before it does."""
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    env = {"PATH": path, "HOME": str(world), "USER": process.get_extra_info("username"), MARK: mark}
    words = ["-c", process.command] if process.command else []
    command = await asyncio.create_subprocess_exec(
        "/bin/sh", *words, cwd=world, env=env, stdin=-1, stdout=-1, stderr=-1, start_new_session=True
    )
    stdin, stdout, stderr = (cast(Any, stream) for stream in (command.stdin, command.stdout, command.stderr))
    outputs = [_Pump(stdout, process.stdout), _Pump(stderr, process.stderr)]
    into = asyncio.create_task(_feed(process, stdin))
    out = [asyncio.create_task(pump.run()) for pump in outputs]
    ended, closed = asyncio.create_task(_exit_of(command)), asyncio.create_task(process.channel.wait_closed())
    try:
        await asyncio.wait([ended, closed], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await _end_command(command)
            return
        while not all(task.done() for task in out) and not all(pump.is_idle for pump in outputs):
            await asyncio.wait(out, timeout=0.05)
        code = command.returncode or 0
        process.exit(code if code >= 0 else 128 - code)
    finally:
        for task in (into, *out, ended, closed):
            task.cancel()
        stdin.close()


class _Pump:
    """Carries output of a command to the client. Idle: nothing came for a while, though it could be taken."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
        self._source, self._sink = source, sink
        self._waits_since: float | None = None

    @property
    def is_idle(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._waits_since is not None and now - self._waits_since > GRACE

    async def run(self) -> None:
        """Carry until either side ends."""
        with contextlib.suppress(OSError, asyncssh.Error):
            while True:
                self._waits_since = asyncio.get_running_loop().time()
                data = await self._source.read(1 << 16)
                if not data:
                    return
                self._waits_since = None
                self._sink.write(data)
                await self._sink.drain()


async def _feed(process: asyncssh.SSHServerProcess[bytes], sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await process.stdin.read(1 << 16):
            sink.write(data)
            await sink.drain()
    sink.close()


async def _exit_of(command: asyncio.subprocess.Process) -> None:
    """Wait for the command alone: `wait` would wait for daemons that hold its output, too."""
    pause = 0.002
    while command.returncode is None:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.05)


async def _end_command(command: asyncio.subprocess.Process) -> None:
    """Tell all that the command started to end, and kill what has not ended in its time."""
    now = asyncio.get_running_loop().time
    deadline = now() + GRACE
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGTERM)
        while now() < deadline:
            await asyncio.sleep(0.02)
            os.killpg(command.pid, 0)
        os.killpg(command.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_exit_of(command), GRACE)


def _key(path: Path) -> asyncssh.SSHKey:
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        path.touch(mode=0o600)
        key.write_private_key(str(path))
        key.write_public_key(f"{path}.pub")
    return asyncssh.read_private_key(str(path))


async def _settle() -> None:
    """Wait until the commands have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=3 * GRACE)


def _marked(mark: str) -> list[int]:
    """List the processes that were started in a world, daemons among them: they inherit its mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def _descendants() -> list[int]:
    """List all processes below this one."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below and pid not in below}:
        below |= more
    return sorted(below - {os.getpid()})


def _end(processes: Sequence[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _adopt_orphans() -> None:
    """Become the parent of daemons whose own parent ends, so that they can be found and ended (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_descendants() -> None:
    """End all that was started below, again and again until nothing is left, and reap it."""
    while processes := _descendants():
        _end(processes)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, 0)[0]:
                pass


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to stop; says where in hosts.json once all listen."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where keys and the hosts' folders are")
    parser.add_argument("--names", required=True, help="the hosts' names, with commas between")
    parser.add_argument(
        "--ports", default="", help="their ports, with commas between; free ones unless given"
    )
    options = parser.parse_args(argv)
    names = options.names.split(",")
    ports = dict(zip(names, map(int, filter(None, options.ports.split(","))), strict=False))
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    _adopt_orphans()
    try:
        with EmbeddedHosts(options.folder, names, ports) as hosts:
            _write_down(hosts)
            told_to_stop.wait()
    finally:
        _end_descendants()
    return 0


def _write_down(hosts: EmbeddedHosts) -> None:
    told = {name: asdict(host) | {"folder": str(host.folder)} for name, host in hosts.hosts.items()}
    draft = hosts.folder / "hosts.json.new"
    draft.write_text(json.dumps(told, indent=2))
    draft.rename(hosts.folder / "hosts.json")


if __name__ == "__main__":
    raise SystemExit(main())
