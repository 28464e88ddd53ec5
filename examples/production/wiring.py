"""The whole wiring: started in its order, each part to be stopped, killed and started again by name."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.processes import Processes
from examples.production import parts, settings
from examples.production.parts import PREFECT, Part
from examples.production.place import BUCKET, DATABASES, OPERATOR, Place, keep


class Wiring:
    """All parts on this machine. What is started here is gone when it is stopped, or when we die."""

    def __init__(self, folder: Path, ui_port: str | None = None) -> None:
        self.place = Place(folder, ui_port)
        self.parts: dict[str, Part] = {}
        self._stages: list[tuple[str, ...]] = []

    def __enter__(self) -> Self:
        self.place.__enter__()
        self.place.prepare()
        self.processes = Processes(self.place.logs, self.place.clean(os.environ))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop_all()
        finally:
            self.place.__exit__(kind, error, trace)

    @property
    def environ(self) -> dict[str, str]:
        """Give the variables of a terminal of the operator."""
        return settings.of_clients(self.place, OPERATOR)

    def start_all(self) -> None:
        """Start everything: what keeps things, the servers, the workers; returns when all are there."""
        place = self.place
        place.postgresql.prepare()
        place.s3.prepare()
        self._add(*parts.stores(place))
        for name in DATABASES:
            place.postgresql.make_database(name, place.passwords[name])
        place.s3.client.create_bucket(Bucket=BUCKET)
        place.describe_hosts()
        upgrade = (*PREFECT, "server", "database", "upgrade", "--yes")
        self.processes.run("upgrade", upgrade, settings.of_servers(place, "upgrade"))
        self._add(*parts.servers(place))
        self.processes.run("register", (sys.executable, "-m", "deployments.register"), self.environ)
        self._add(*parts.workers(place))
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in self.environ.items())
        keep(place.variables, "".join(lines))

    def start(self, *names: str) -> None:
        """Start parts, also again, and wait until they are there."""
        for part in (self.parts[name] for name in names):
            self.processes.start(part.name, part.command, part.environ, part.told_by, **part.options)
            pid = self.processes.running[part.name].pid
            (self.place.pids / part.name).write_text(f"{pid}\n")
        for part in (self.parts[name] for name in names):
            self.processes.wait_for(part.name, part.is_there, watched=names)

    def stop(self, *names: str) -> None:
        """End parts as a service manager does, with time to tidy up."""
        self.processes.end(*names)

    def kill(self, *names: str) -> None:
        """Kill parts, and all that they have started, without a warning."""
        for name in names:
            self.processes.kill(name)

    def _stop_all(self) -> None:
        """End everything, whoever asks before who answers; then whatever they left behind."""
        for stage in reversed(self._stages):
            self.processes.end(*(name for name in stage if name in self.processes.running))
        self.processes.stop()
        self.place.s3.tidy()

    def _add(self, *added: Part) -> None:
        names = tuple(part.name for part in added)
        self.parts |= {part.name: part for part in added}
        self._stages.append(names)
        self.start(*names)
