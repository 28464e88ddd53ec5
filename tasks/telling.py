"""Tell people and programs what happens, beside the release: nothing here holds it up or fails it.

What has to be told is read from the ledger, and so is what was told, so nothing is lost with a process.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger
from prefect.settings import PREFECT_UI_URL
from prefect.states import Scheduled

from blocks import lookup
from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.report.words import duration
from sendoff.spec.channels import BlockChannel, WebhookChannel
from sendoff.spec.models import ReleaseFile
from sendoff.telling import Notice, notice_of, untold
from sendoff.telling.occasions import is_told
from sendoff.telling.outbox import given_up_key, told_key
from sendoff.webhooks import NotTaken
from tasks.run import Run

BY = "tell"
FLOW = "tell"
PAUSES = (2.0, 8.0)  # seconds between the tries of one process
ROUNDS = (60, 300, 900, 3600)  # seconds until another process tries again; there are no more than these
LINGER = 15.0  # seconds that a run without a deployment waits for the last of its notices at its end

Route = BlockChannel | WebhookChannel


def routes_of(created: Event) -> tuple[Route, ...]:
    """Give the channels of a release, as its release file was when it began."""
    file = ReleaseFile.model_validate(created.body["config"])
    return file.channels(created.body["environment"])


def _send(route: Route, notice: Notice, secrets: Mapping[str, str]) -> None:
    """Send it once. What this needs takes a while to import, and most processes send nothing."""
    from tasks.channels import send  # noqa: PLC0415

    send(route, notice, secrets)


@dataclass
class Announcer:
    """Has the events of a run told, each once: by runs of `tell`, or here when the run has no deployment."""

    run: Run
    flow_run: FlowRun
    routes: tuple[Route, ...]
    known: set[str] = field(default_factory=set)
    threads: list[threading.Thread] = field(default_factory=list)

    def catch_up(self) -> None:
        """Have told what is not told yet: another process of this run may have died before it could."""
        if self.routes:
            self._safely(self._catch_up)

    def __call__(self, event: Event) -> None:
        """Have an event told that was just written down, if it is one to tell."""
        if self.routes and is_told(event.kind) and event.hash not in self.known:
            self._safely(self._catch_up)

    def close(self) -> None:
        """Wait a little for what this process sends itself."""
        end = time.monotonic() + LINGER
        for thread in self.threads:
            thread.join(max(end - time.monotonic(), 0))
        if any(thread.is_alive() for thread in self.threads):
            self.run.say(f"not all who are to be told were told in {LINGER:.0f} s; the run is over")

    def _catch_up(self) -> None:
        for event, _ in untold(self.run.ledger.events(self.run.id), self.routes):
            if event.hash not in self.known:
                self.known.add(event.hash)
                self._have_told(event)

    def _have_told(self, event: Event) -> None:
        if self.flow_run.deployment_id:
            with get_client(sync_client=True) as client:
                start_telling(client, event)
            return
        work = Telling(self.run.ledger, self.run.id, event.hash, self.run.environ)
        thread = threading.Thread(target=copy_context().run, args=(self._alone, work), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _alone(self, work: Telling) -> None:
        self._safely(lambda: work.deliver(is_last=True))

    def _safely(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception as error:  # telling never fails a release
            self.run.say(f"somebody could not be told what happens ({_reason(error)}); it goes on")


@dataclass(frozen=True)
class Telling:
    """Tells of one event, on all channels side by side, so that a slow one holds up no other."""

    ledger: Ledger
    release: str
    event: str
    environ: Mapping[str, str]
    send: Callable[[Route, Notice, Mapping[str, str]], None] = _send
    sleep: Callable[[float], None] = time.sleep

    def deliver(self, is_last: bool) -> list[str]:
        """Try for some seconds; names the channels that were not told. In the `last` round that is final."""
        events = self.ledger.events(self.release)
        found = [
            (event, routes)
            for event, routes in untold(events, routes_of(events[0]))
            if event.hash == self.event
        ]
        if not found:
            return []
        ((event, routes),) = found
        notice, secrets = notice_of(events, event, _link(self.release)), self._secrets(events[0], routes)
        with ThreadPoolExecutor(len(routes)) as pool:
            told = [
                pool.submit(copy_context().run, self._tell, event, notice, route, secrets, is_last)
                for route in routes
            ]
        return [route.name for route, is_told in zip(routes, told, strict=True) if not is_told.result()]

    def _tell(
        self, event: Event, notice: Notice, route: Route, secrets: Mapping[str, str], is_last: bool
    ) -> bool:
        """Tell one channel; True when that is settled, for good or bad."""
        body = {"event": event.number, "of": event.kind, "channel": route.name, "subject": notice.subject}
        for tries, pause in enumerate((*PAUSES, None), 1):
            try:
                self.send(route, notice, secrets)
            except NotTaken as failed:
                if (pause is None or not failed.again) and (is_last or not failed.again):
                    said = {**body, "why": failed.why, "tries": tries}
                    self.ledger.append(self.release, "not_told", BY, said, given_up_key(event, route.name))
                    return True
                if pause is None:
                    return False
                self.sleep(pause if failed.wait is None else failed.wait)
            else:
                said = {**body, "tries": tries}
                self.ledger.append(self.release, "told", BY, said, told_key(event, route.name))
                return True
        return False

    def _secrets(self, created: Event, routes: Sequence[Route]) -> Mapping[str, str]:
        named = {each.secret for each in routes if isinstance(each, WebhookChannel)}
        if not named:
            return {}
        values = lookup.secrets(created.body["application"], self.environ)
        return {name: value for name, value in values.items() if name in named}


def start_telling(client: SyncPrefectClient, event: Event, tried: int = 0, wait: float = 0) -> None:
    """Start the run that tells of an event; one for each event and round, however often it is asked for."""
    deployment = client.read_deployment_by_name(f"{FLOW}/{FLOW}")
    client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"release": event.release, "event": event.hash, "tried": tried},
        state=Scheduled(scheduled_time=datetime.now(UTC) + timedelta(seconds=wait)),
        name=f"tell of {event.kind}",
        idempotency_key=f"tell-{event.hash}-{tried}",
    )


def tell_of(client: SyncPrefectClient, ledger: Ledger, created: Event) -> None:
    """Have told what is not told yet of a release, from outside its own run; never fails."""
    try:
        for event, _ in untold(ledger.events(created.release), routes_of(created)):
            start_telling(client, event)
    except Exception as error:  # telling never fails what it tells of
        get_logger("sendoff").warning("somebody could not be told what happens (%s)", _reason(error))


def _reason(error: Exception) -> str:
    """Say what is in the way; an error's own text may hold an address."""
    if isinstance(error, ObjectNotFound):
        return f"deployment {FLOW!r} is not there; run `sendoff register`"
    return type(error).__name__


def tell_in_rounds(ledger: Ledger, release: str, event: str, tried: int) -> str:
    """Tell of an event; who could not be told is tried again by another run, later. Says what came of it."""
    is_last = tried >= len(ROUNDS)
    left = Telling(ledger, release, event, os.environ).deliver(is_last)
    if not left:
        return "all who are to be told were told, or given up"
    wait = ROUNDS[tried]
    known = next(each for each in ledger.events(release) if each.hash == event)
    with get_client(sync_client=True) as client:
        start_telling(client, known, tried + 1, wait)
    return f"not told yet: {', '.join(left)}; tried again in {duration(wait)}"


def _link(release: str) -> str:
    pages = PREFECT_UI_URL.value()
    return f"{pages}/runs/flow-run/{release}" if pages else ""
