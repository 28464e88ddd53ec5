"""What the steps of one run share: who it is, what it was started with, and its open connections."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any

from blocks import lookup
from sendoff.artifact.manifest import version_of
from sendoff.build import BUILDS
from sendoff.calendars import Calendars
from sendoff.errors import NotBegun, SendoffError
from sendoff.ledger import Ledger
from sendoff.ledger.models import MOVES, Event, Kind, Lease, Placement, resource
from sendoff.masking import Masker
from sendoff.plan.models import Batch
from sendoff.scratch import sweep
from sendoff.settings import Settings
from sendoff.spec.intent import Intent, Where
from sendoff.spec.models import Environment, ReleaseFile, Target
from sendoff.store import DELTAS, ArtifactStore
from sendoff.targets.protocol import Hosts, HostTarget, Outcome
from tasks.keeper import Keeper

WORKSPACE = "builds"  # the folder in SENDOFF_HOME that is built in


@dataclass(frozen=True)
class Place:
    """Where the work is: one environment of one application."""

    application: str
    environment: str

    @property
    def resource(self) -> str:
        """Name what a lease is taken of."""
        return resource(self.application, self.environment)

    @classmethod
    def of(cls, what: Where) -> Place:
        """Take it from what was asked for."""
        return cls(what.application, what.environment)

    def __str__(self) -> str:
        return f"{self.environment} of {self.application}"


def _nobody(event: Event) -> None:
    """Tell nobody."""


class Run:
    """One run of a flow. A plain class, so that Prefect passes it to tasks as it is.

    `site`: where this process is, when it does steps of a run whose own process is elsewhere.
    """

    def __init__(
        self,
        created: Event,
        ledger: Ledger,
        settings: Settings,
        logger: Logger | LoggerAdapter[Any],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        environ: Mapping[str, str] | None = None,
        site: str | None = None,
    ) -> None:
        """Open what was written down when the run was started: its snapshot, not what files say by now."""
        body = created.body
        self.id, self.flow = created.release, body["flow"]
        self.place = Place(body["application"], body["environment"])
        self.asked_for, self.version, self.commit = body["what"]["version"], body["version"], body["commit"]
        self.why = Intent.model_validate(body["why"])
        self.file = ReleaseFile.model_validate(body["config"])
        self.config_digest, self.folder = body["config_digest"], Path(body["folder"])
        self.ledger, self.settings, self.logger, self.now = ledger, settings, logger, now
        self.site = site
        self.environ = dict(os.environ if environ is None else environ)
        self.secrets: dict[str, str] = {}
        self.mask = Masker(())
        self.lease: Lease | None = None
        self.keeper: Keeper | None = None
        self.calendars = Calendars(settings.cache, now)
        self.stopping = threading.Event()
        self.announce: Callable[[Event], None] = _nobody
        self._at_close: list[Callable[[], None]] = []
        self._fleets: dict[str, Hosts] = {}
        self._opening = threading.Lock()

    def open(self) -> None:
        """Read the blocks: the secrets that the release file names, and the artifact store.

        What a process has left on this machine that was killed is removed, also what this run left here.
        """
        sweep_machine(self.settings)
        self.secrets = self._secrets()
        self.mask = Masker(self.secrets.values())
        self.store: ArtifactStore = lookup.store(self.settings)
        self._at_close.append(self.store.close)

    @property
    def actor(self) -> str:
        """Name who started it; nobody has proved who they are yet."""
        return self.why.requested_by

    @property
    def environment(self) -> Environment:
        """Give the environment that the run is about."""
        return self.file.environment(self.place.environment)

    def fleet(self, name: str) -> Target:
        """Find a target of the environment by name."""
        return next(fleet for fleet in self.environment.targets if fleet.name == name)

    def site_of(self, target: str) -> str | None:
        """Name the site whose worker reaches a fleet, if it has one."""
        return self.fleet(target).site

    def everywhere(self) -> list[tuple[str, str]]:
        """List the hosts of the environment, each with its target's name, in the order of the file."""
        return [(each.name, host) for each in self.environment.targets for host in self.file.hosts_of(each)]

    def host(self, target: str, host: str) -> HostTarget:
        """Give a host, over the one connection that the run keeps to it."""
        with self._opening:  # else each of many threads would make its own
            if target not in self._fleets:
                token = self.lease.token if self.lease else 0
                self._fleets[target] = lookup.hosts(
                    self.file,
                    self.place.environment,
                    self.fleet(target),
                    self.folder,
                    by=self.id,
                    token=token,
                )
        return self._fleets[target].host(host)

    def values(self, target: str, host: str, release: str) -> dict[str, str]:
        """Give the words that commands and checks on a host may name."""
        return {
            **self.file.words(host, self.fleet(target)),
            "version": version_of(release),
            "release": release,
        }

    def say(self, text: str) -> None:
        """Tell those who watch the run's log, with secrets masked."""
        self.logger.info("%s", self.mask(text))

    def record(self, kind: Kind, body: Mapping[str, Any], key: str | None = None, actor: str = "") -> Event:
        """Write to the ledger; under a key only the first time counts, and that event is given back.

        LeaseLost when the environment that this run took is not held by this process any more.
        """
        event = self.ledger.append(self.id, kind, actor or self.actor, body, key, under=self.lease)
        self.announce(event)
        return event

    @contextmanager
    def step(self, action: str, target: str, host: str | None = None) -> Iterator[StepRecord]:
        """Time a step and record how it went, also when it failed; NotBegun when none may begin any more."""
        if self.stopping.is_set():
            raise NotBegun(f"{host or target}: {action} was not begun")
        started = self.now()
        record = StepRecord()
        try:
            yield record
        except SendoffError as error:
            record.outcome = Outcome(changed=False, said=str(error))
            record.failed = True
            raise
        finally:
            self._record_step(action, target, host, started, record)

    def _record_step(
        self, action: str, target: str, host: str | None, started: datetime, record: StepRecord
    ) -> None:
        body = {
            "step": f"{action}/{host or target}",
            "action": action,
            "target": target,
            "host": host,
            "started": started.isoformat(),
            "seconds": round((self.now() - started).total_seconds(), 3),
            "changed": record.outcome.changed,
            "said": record.outcome.said,
            "failed": record.failed,
            **({"site": self.site} if self.site else {}),
        }
        self.record("step.done", body)
        said, where = record.outcome.said, host or target
        self.say(said if said.startswith(where) else f"{where}: {said}")

    def durations(self) -> dict[str, float]:
        """Tell how long each action takes in this environment, in seconds, from past releases."""
        return self.ledger.durations(self.place.application, self.place.environment, besides=self.id)

    def placements(self) -> list[Placement]:
        """Tell what the ledger says is live in this environment."""
        here = (self.place.application, self.place.environment)
        return [each for each in self.ledger.placements() if (each.application, each.environment) == here]

    def take_anew(self) -> None:
        """Go on under a larger number: who may still work under this one is refused by ledger and hosts."""
        if self.keeper:
            self.lease = self.keeper.take_anew()
            self.close()  # connections carry the number

    def has_switched(self) -> bool:
        """Tell whether this run has moved traffic anywhere."""
        return bool(self.ledger.events(release=self.id, kinds=MOVES))

    def close(self) -> None:
        """Give all connections back, and leave nothing on this machine."""
        for fleet in self._fleets.values():
            fleet.close()
        self._fleets.clear()
        while self._at_close:
            self._at_close.pop()()

    def _secrets(self) -> dict[str, str]:
        fleets = self.environment.targets
        named = {*self.file.build.secrets, *(name for fleet in fleets for name in fleet.commands.secrets)}
        if not named:
            return {}
        values = lookup.secrets(self.file.application, self.environ)
        return {name: values[name] for name in sorted(named) if values.get(name)}


class StepRecord:
    """What a step says of itself before it ends."""

    def __init__(self) -> None:
        self.outcome = Outcome(changed=False, said="cut short")
        self.failed = False

    def came_to(self, outcome: Outcome) -> Outcome:
        """Keep the outcome for the ledger, and hand it on."""
        self.outcome = outcome
        return outcome


def sweep_machine(settings: Settings) -> None:
    """Remove what processes that were killed have left on this machine."""
    sweep(settings.home / WORKSPACE, BUILDS)
    sweep(Path(tempfile.gettempdir()), DELTAS)


def hosts_in(batches: tuple[Batch, ...]) -> list[tuple[str, str]]:
    """List the hosts of batches in order, each with its target's name."""
    return [(batch.target, host) for batch in batches for host in batch.hosts]
