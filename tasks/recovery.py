"""Look after a run whose process has died: have it go on in another, or bring it to an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Crashed, Scheduled

from sendoff.ledger import Ledger
from sendoff.ledger.models import End, Event, resource
from sendoff.report.halt import where_it_stopped
from sendoff.report.release import summary
from sendoff.reviewing import open_review
from sendoff.settings import Settings
from tasks.deeds import canceller
from tasks.ends import state_of
from tasks.publish import publish_report_of
from tasks.sites import TAG
from tasks.telling import tell_of

BY = "recover"  # the flow, its deployment, and who writes to the ledger
WAITS = (0, 10, 30, 60, 120)  # seconds before each attempt; there are no more than these
TURN = timedelta(seconds=60)  # so long another run that looks after the same crash is left alone
SILENCE = timedelta(seconds=70)  # two heartbeats of 30 s may come late or be lost
SILENT = f"nothing was heard of it for {SILENCE.total_seconds():.0f} s: its process or worker died"
NOT_BEGUN = "/not-begun"
SECOND_REPORT = timedelta(seconds=5)  # a worker reports a crash twice, some 3 s apart


@dataclass(frozen=True)
class Recovery:
    """Looks first, acts then, and comes to the same when it is done again: it may be killed as well."""

    client: SyncPrefectClient
    ledger: Ledger
    by: str
    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def look_after(self, wanted: UUID, silent: bool = False, since: datetime | None = None) -> str:
        """Do what the state of a run asks for; tells what that was.

        `silent`: nothing is heard of it. `since`: when it was looked at for that before.
        """
        try:
            found = self.client.read_flow_run(wanted)
        except ObjectNotFound:
            return f"{wanted}: no such run here"
        return self._silent(found, since) if silent else self._act(self._settled(found))

    def _act(self, run: FlowRun) -> str:
        state = run.state
        if state is None or not state.is_final():
            return f"{run.name}: is {run.state_name} and needs nothing"
        if TAG in run.tags:
            return f"{run.name}: its release looks after it"
        is_crashed = state.is_crashed()
        if is_crashed and run.deployment_id and not self._was_cancelled(run):
            return self._go_on(run, state)
        if settled := self._is_settled(run, is_crashed):
            return f"{run.name}: {settled} and needs nothing"
        if is_crashed and not self._was_cancelled(run):
            return self._end(
                run, "errored", "its process died, and nobody goes on with a run started by hand"
            )
        who = canceller(run, self.ledger, self.settings).name
        return self._end(run, "cancelled", f"{who} cancelled it")

    def _is_settled(self, run: FlowRun, is_crashed: bool) -> str:
        """Say so when there is nothing to bring to an end: what is ended anew would never end."""
        if self.ledger.last(str(run.id), ("release.ended",)):
            return "has ended"
        has_begun = self.ledger.last(str(run.id), ("release.created",)) is not None
        return "" if is_crashed or has_begun else "has begun nothing"

    def _silent(self, run: FlowRun, since: datetime | None) -> str:
        """Take a process for dead of which nothing is heard; should it live, ledger and hosts refuse it.

        A run that waits has none, and one that was heard of since has another.
        """
        state = run.state
        if state is None or not (state.is_pending() or state.is_running() or state.is_cancelling()):
            return self._act(run)
        heard = self._heard_of(run)
        age = self.now() - heard
        if age >= SILENCE:
            self.client.set_flow_run_state(run.id, Crashed(message=SILENT), force=True)
            return self._act(self.client.read_flow_run(run.id))
        if since is not None and heard > since:
            return self._act(run)
        self._look_again(run, heard, since)
        return (
            f"{run.name}: is {run.state_name}, was heard of {age.total_seconds():.0f} s ago and needs "
            f"nothing yet; it is looked at again when that was {SILENCE.total_seconds():.0f} s ago"
        )

    def _look_again(self, run: FlowRun, heard: datetime, since: datetime | None) -> None:
        """Have it looked at again when it has been silent for long enough, if it is.

        An automation that takes a run for silent of which something was heard has missed that: its server
        had lost its database. It waits for nothing more of a run that died meanwhile, so nobody else would.
        """
        deployment = self.client.read_deployment_by_name(f"{BY}/{BY}")
        self.client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"run": str(run.id), "silent": True, "since": self.now().isoformat()},
            state=Scheduled(scheduled_time=heard + SILENCE),
            idempotency_key=f"silent-{run.id}-{heard.isoformat()}-{since}",
        )

    def _heard_of(self, run: FlowRun) -> datetime:
        """Tell when something was heard of a run last; the server keeps this, whatever it has made of it."""
        assert run.state is not None  # noqa: S101 -- who asks has looked
        about = {"resource": {"id": [f"prefect.flow-run.{run.id}"]}, "order": "DESC"}
        found = self.client.request("POST", "/events/filter", json={"filter": about, "limit": 1})
        heard = [datetime.fromisoformat(each["occurred"]) for each in found.json()["events"]]
        return max([run.state.timestamp, *heard])

    def _settled(self, run: FlowRun) -> FlowRun:
        """Look again at a crash so young that it may be reported once more, which would undo what is done."""
        if run.state is None or not run.state.is_crashed():
            return run
        rest = run.state.timestamp + SECOND_REPORT - self.now()
        if rest <= timedelta():
            return run
        self.sleep(min(rest, SECOND_REPORT).total_seconds())
        return self.client.read_flow_run(run.id)

    def _was_cancelled(self, run: FlowRun) -> bool:
        """Tell whether its process died while it was being cancelled."""
        states = sorted(self.client.read_flow_run_states(run.id), key=lambda state: state.timestamp)
        before = [state for state in states if not state.is_crashed()]
        return bool(before) and before[-1].is_cancelling()

    def _go_on(self, run: FlowRun, crash: State[Any]) -> str:
        """Schedule it again, later each time; once for each crash, however often that is reported."""
        written = self._written_under(run)
        tries = self.ledger.events(written, ("release.recovered",))
        key = f"recovered/{crash.id}"
        if len(tries) >= len(WAITS) and all(event.key != key for event in tries):
            why = f"its process died {len(tries) + 1} times; the last time: {crash.message}"
            return self._end(run, "errored", f"{why}; look for the cause before you start it again")
        body = {"attempt": len(tries) + 1, "of": len(WAITS), "why": crash.message, "by": self.by}
        event = self.ledger.append(written, "release.recovered", BY, body, key)
        if event.body["by"] != self.by and self.now() - event.at < TURN:
            return f"{run.name}: is being looked after already"
        attempt = event.body["attempt"]
        said = f"its process died; it goes on in another, try {attempt} of {len(WAITS)}"
        at = self.now() + timedelta(seconds=WAITS[attempt - 1])
        self.client.set_flow_run_state(run.id, AwaitingRetry(scheduled_time=at, message=said))
        return f"{run.name}: {said}"

    def _written_under(self, run: FlowRun) -> str:
        """Name what its attempts are written under: a release's own events begin with how it was started."""
        has_begun = self.ledger.last(str(run.id), ("release.created",)) is not None
        return str(run.id) if has_begun else f"{run.id}{NOT_BEGUN}"

    def _end(self, run: FlowRun, end: End, why: str) -> str:
        """Write the end down in place of its process, give its lease back, and show it."""
        created = self.ledger.last(str(run.id), ("release.created",))
        said = self._written_down(created, end, why) if created else why
        self.client.set_flow_run_state(run.id, state_of(end, said), force=True)
        return f"{run.name}: {said}"

    def _written_down(self, created: Event, end: End, why: str) -> str:
        body = created.body
        said = f"{why}; {where_it_stopped(self.ledger.events(created.release))}"
        open_review(self.ledger, created, end)
        self.ledger.append(created.release, "release.ended", BY, {"end": end, "said": said}, "ended")
        place = resource(body["application"], body["environment"])
        self.ledger.give_back(place, created.release, BY, why)
        events = self.ledger.events(created.release)
        publish_report_of(self.client, created, events, self.now())
        tell_of(self.client, self.ledger, created)
        return summary(events)
