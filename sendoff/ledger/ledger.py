"""The ledger: events are appended to it, and everything else is read from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, func, select

from sendoff.errors import SendoffError
from sendoff.ledger import database, derive, leases
from sendoff.ledger.chain import event_of, first_break
from sendoff.ledger.migrate import migrate
from sendoff.ledger.models import Break, Event, Head, Kind, Lease, PastRelease, Placement
from sendoff.ledger.once import Once
from sendoff.ledger.patience import PATIENCE, Patience
from sendoff.ledger.tables import events
from sendoff.ledger.writing import Clock, Mask, Writing, head_of

T = TypeVar("T")

TERM = timedelta(seconds=60)  # a lease that nobody renews for so long may be taken over
WINDOW = 5000  # events that history and durations look back over: 25 releases to 50 hosts


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """An open ledger; may be used by many threads, and by many processes that each open it.

    While its database is away, everything waits for it as long as its patience lasts, then StepErrored.
    """

    def __init__(self, engine: Engine, clock: Clock, mask: Mask, patience: Patience) -> None:
        self._engine, self._clock, self._mask, self._patience = engine, clock, mask, patience
        # Threads queue up here, in order: in the database they would poll, and the unlucky starve.
        self._turn = threading.Lock()

    @classmethod
    def open(cls, url: str, clock: Clock = _now, mask: Mask = str, patience: Patience = PATIENCE) -> Ledger:
        """Open the ledger at a URL, made or migrated as needed; `mask` is applied to every text in bodies."""
        engine = database.connect(url)
        patience.attempt(lambda: migrate(engine))
        return cls(engine, clock, mask, patience)

    @classmethod
    def find(cls, url: str) -> Ledger | None:
        """Open the ledger that is there; None, and nothing made, when there is none."""
        return cls.open(url) if database.exists(url) else None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def append(
        self,
        release: str,
        kind: Kind,
        actor: str,
        body: Mapping[str, Any],
        key: str | None = None,
        under: Lease | None = None,
    ) -> Event:
        """Append an event; if one is there under the same release and key, return that and append nothing.

        LeaseLost when the lease that it is written `under` is not held any more.
        """

        def write(writing: Writing) -> Event:
            if under is not None:
                leases.see(writing, under)
            return writing.append(release, kind, actor, body, key)

        return self._write(write)

    def events(
        self,
        release: str | None = None,
        kinds: tuple[Kind, ...] | None = None,
        application: str | None = None,
        environment: str | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
    ) -> tuple[Event, ...]:
        """List events, oldest first; `after` is the number of the last one known."""
        chosen = _where(release, kinds, application, environment).where(events.c.number > after)
        return self._read(chosen.order_by(events.c.number).limit(limit))

    def newest(
        self,
        limit: int,
        release: str | None = None,
        kinds: tuple[Kind, ...] | None = None,
        application: str | None = None,
        environment: str | None = None,
    ) -> tuple[Event, ...]:
        """List the newest events, oldest of them first."""
        chosen = _where(release, kinds, application, environment)
        return self._read(chosen.order_by(events.c.number.desc()).limit(limit))[::-1]

    def last(
        self,
        release: str | None = None,
        kinds: tuple[Kind, ...] | None = None,
        application: str | None = None,
        environment: str | None = None,
    ) -> Event | None:
        """Find the newest event."""
        return next(iter(self.newest(1, release, kinds, application, environment)), None)

    def running(self) -> tuple[Event, ...]:
        """List the `release.created` of the releases that have not ended, oldest first."""
        ended = select(events.c.release).where(events.c.kind == "release.ended")
        created = select(events).where(events.c.kind == "release.created", events.c.release.not_in(ended))
        return self._read(created.order_by(events.c.number))

    def head(self) -> Head:
        """Read the last event's number and hash."""
        return self._consult(head_of)

    def verify(self) -> Break | None:
        """Go through the whole chain; tell the first event at which it does not hold."""

        def verify(connection: Connection) -> Break | None:
            rows = connection.execution_options(yield_per=500).execute(
                select(events).order_by(events.c.number)
            )
            return first_break(rows.mappings())

        return self._consult(verify)

    def placements(self) -> tuple[Placement, ...]:
        """Tell what is live on every host."""
        place = (events.c.application, events.c.environment, events.c.target, events.c.host)
        moves = events.c.kind.in_(("host.live", "host.left_out"))
        newest = select(func.max(events.c.number)).where(moves).group_by(events.c.kind, *place)
        found = select(events).where(events.c.number.in_(newest)).order_by(events.c.number)
        return derive.placements(self._read(found))

    def placements_history(self, application: str, environment: str) -> tuple[PastRelease, ...]:
        """List what was live in an environment, the newest first."""
        kinds: tuple[Kind, ...] = ("host.live", "release.ended")
        return derive.history(self.newest(WINDOW, None, kinds, application, environment))

    def release_named(self, release_name: str, application: str | None = None) -> PastRelease | None:
        """Find what is known of a release by its name on hosts; None when it was not live lately."""
        live = self.newest(WINDOW, None, ("host.live",), application)
        return derive.release_named(live, release_name)

    def durations(self, application: str, environment: str, besides: str | None = None) -> dict[str, float]:
        """Tell how long each action takes there, in seconds: the median of its last 20, one release aside."""
        done = self.newest(WINDOW, None, ("step.done",), application, environment)
        return derive.durations([event for event in done if event.release != besides])

    def take_lease(self, resource: str, release: str, actor: str, why: str, term: timedelta = TERM) -> Lease:
        """Take a lease, or anew the one that this release has; LeaseHeld when another has it."""
        return self._write(lambda writing: leases.take(writing, resource, release, actor, why, term))

    def take_over(
        self, resource: str, release: str, actor: str, why: str, from_release: str, term: timedelta = TERM
    ) -> Lease:
        """Take a lease from the release that holds it; refused until it expires, and when another has it."""
        return self._write(
            lambda writing: leases.take_over(
                writing, resource, release, actor, why, term, from_release=from_release
            )
        )

    def take_anew(self, lease: Lease, term: timedelta = TERM) -> Lease:
        """Go on with a lease under a larger number; LeaseLost when it is not held under its own now."""
        return self._write(lambda writing: leases.take_anew(writing, lease, term))

    def renew(self, lease: Lease, term: timedelta | None = TERM) -> Lease:
        """Keep a lease for another term, or while nobody renews it; LeaseLost when it is not held now."""
        return self._write(lambda writing: leases.renew(writing, lease, term))

    def give_back(
        self, resource: str, release: str, actor: str, why: str = "done", token: int | None = None
    ) -> bool:
        """Give a lease back; False when that release does not hold it, or not under that number."""
        return self._write(lambda writing: leases.give_back(writing, resource, release, actor, why, token))

    def leases(self) -> tuple[Lease, ...]:
        """List the leases that are held now."""
        return self._consult(leases.held_now)

    def _write(self, work: Callable[[Writing], T]) -> T:
        once = Once(work)

        def attempt() -> T:
            with self._turn, database.writing(self._engine) as connection:
                return once.attempt(Writing(connection, self._clock, self._mask))

        return self._patience.attempt(attempt)

    def _consult(self, look: Callable[[Connection], T]) -> T:
        def attempt() -> T:
            with database.reading(self._engine) as connection:
                return look(connection)

        return self._patience.attempt(attempt)

    def _read(self, chosen: Select[Any]) -> tuple[Event, ...]:
        rows = self._consult(lambda connection: connection.execute(chosen).mappings().all())
        try:
            return tuple(event_of(row) for row in rows)
        except ValueError as error:
            raise SendoffError(
                "ledger: it holds a row that cannot be read, expected events; run `sendoff ledger verify`"
            ) from error


def _where(
    release: str | None, kinds: tuple[Kind, ...] | None, application: str | None, environment: str | None
) -> Select[Any]:
    wanted = {"release": release, "application": application, "environment": environment}
    chosen = select(events).filter_by(**{name: value for name, value in wanted.items() if value is not None})
    return chosen if kinds is None else chosen.where(events.c.kind.in_(kinds))
