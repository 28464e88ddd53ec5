"""The points that a run passes, and where it stops once. It knows the product; the product does not know it.

Each point is written to `<application>.trace`. Who first comes to the one in `<application>.armed` makes
`<application>.reached`, with its process id in it, and waits for `<application>.go`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.attempt import Attempt
from sendoff.ledger import Ledger
from sendoff.targets.ssh.host import SshHost
from sendoff.targets.ssh.talk import Talk
from tasks import pausing
from tasks.asking import Form
from tasks.run import Run

HOST = "b"  # of the hosts, the one at which a run is stopped
DEADLINE = 600.0  # seconds that one waits, so that nothing hangs for ever when nobody lets it go


class Post:
    """What a process passes; its application is known as soon as its story has begun."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.application = folder, ""

    def file(self, kind: str) -> Path:
        return self.folder / f"{self.application}.{kind}"

    def passes(self, point: str, host: str | None = None) -> None:
        if not self.application or host not in (None, HOST):
            return
        with self.file("trace").open("a") as trace:
            trace.write(f"{point}\n")
        armed = self.file("armed")
        if armed.exists() and armed.read_text() == point:
            self._stop()

    def _stop(self) -> None:
        try:
            number = os.open(self.file("reached"), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return
        with open(number, "w") as reached:
            reached.write(str(os.getpid()))
        end = time.monotonic() + DEADLINE
        while not self.file("go").exists() and time.monotonic() < end:
            time.sleep(0.05)


class Halved:
    """A file of which the first half is read, and then the rest."""

    def __init__(self, file: Any, between: Callable[[], None]) -> None:
        self.file, self.between = file, between
        self.half = file.seek(0, os.SEEK_END) // 2
        file.seek(0)

    def read(self, size: int) -> Any:
        if half := self.half:
            self.half = 0
            return self.file.read(half)
        self.between()
        self.between = nothing
        return self.file.read(size)


def watch(folder: str) -> None:
    """Name the points: before a step, after its effect, after its record; and each other record."""
    post = Post(Path(folder))

    def begin(attempt: Any, flow: str, place: Any, *_: Any, **__: Any) -> None:
        post.application = place.application

    def step(run: Any, action: str, target: str, host: str | None = None) -> None:
        post.passes(f"{action}: not begun", host)

    def effect(ledger: Any, release: str, kind: str, actor: str, body: Any, *_: Any, **__: Any) -> None:
        if kind in ("step.done", "host.live", "approval.answered"):
            post.passes(f"{named(kind, body)}: not recorded", body.get("host"))

    def record(ledger: Any, release: str, kind: str, actor: str, body: Any, *_: Any, **__: Any) -> None:
        if kind != "check.done":  # a part of its step
            post.passes(f"{named(kind, body)}: recorded", body.get("host"))

    def command(host: Any, *args: Any, **__: Any) -> None:
        if len(args) > 4 and args[4]:
            post.passes(f"command {' '.join(args[4].split('/')[1:3])}: ended", host.name)

    def send(talk: Any, source: Any, method: Callable[..., None] = Talk.send) -> None:
        name = talk._name
        if not isinstance(source, bytes):
            source = Halved(source, lambda: post.passes("deploy: half sent", name))
        method(talk, source)

    def write(form: type[Form], keyset: Any, method: Any = Form.write.__func__) -> None:  # type: ignore[attr-defined]
        method(form, keyset)
        post.passes("form: written")

    around(Attempt, "__init__", nothing, begin)
    around(Ledger, "append", effect, record)
    around(Ledger, "take_lease", nothing, lambda *_: post.passes("lease: taken"))
    around(Ledger, "give_back", nothing, lambda *_: post.passes("lease: given back"))
    around(Run, "step", step, nothing)
    around(SshHost, "run", nothing, command)
    around(pausing, "mark_flow_run_suspension_requested", lambda *_: post.passes("run: suspended"), nothing)
    Form.write = classmethod(write)  # type: ignore[assignment, method-assign]
    Talk.send = send  # type: ignore[method-assign]


def named(kind: str, body: Any) -> str:
    """Name what is recorded: a step by its action, a switch by its direction."""
    if kind == "host.live":
        return "switch back" if body["undo"] else "switch"
    return str(body.get("action", kind))


def around(kind: Any, name: str, before: Callable[..., None], after: Callable[..., None]) -> None:
    """Have something done before and after a method, with its arguments."""
    method = getattr(kind, name)

    def watched(*args: Any, **named: Any) -> Any:
        before(*args, **named)
        result = method(*args, **named)
        after(*args, **named)
        return result

    setattr(kind, name, watched)


def nothing(*_: Any, **__: Any) -> None:
    """Is what most methods have on one side."""
