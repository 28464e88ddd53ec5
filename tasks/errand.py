"""A step on the hosts of another site: a run of that site's own worker, whose end is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling
from prefect.tasks import Task

from sendoff.errors import Fenced, SendoffError, StepErrored
from sendoff.report.words import count, duration
from tasks.order import HostKey, Order, in_words
from tasks.run import Run
from tasks.sites import deployment, pool

POLL = 1.0  # seconds between looks
GRACE = 20.0  # seconds that it has to stop; the worker of a release that is stopped kills that after 30
FEW = 3  # hosts that are named
NOT_BEGUN = (StateType.SCHEDULED, StateType.PENDING)


class Errand:
    """One step on hosts of one site. `surely_over`: no process works at it."""

    def __init__(
        self, run: Run, site: str, task: Task[..., Any], hosts: Sequence[HostKey], inputs: Mapping[str, Any]
    ) -> None:
        self.run, self.hosts, self.surely_over = run, list(hosts), True
        self.order = Order(
            run=run.id,
            number=0,
            site=site,
            step=task.name,
            hosts={target: tuple(host for other, host in hosts if other == target) for target, _ in hosts},
            inputs=in_words(inputs),
            again=bool(task.refresh_cache),
        )
        self._sent: UUID | None = None
        self._begins_by = 0.0

    def send(self, after: float = 0) -> None:
        """Ask for it, in so many seconds, under the number that the run has now."""
        run, site = self.run, self.order.site
        order = self.order.model_copy(update={"number": run.lease.token if run.lease else 0})
        self._begins_by = time.monotonic() + after + run.settings.site.total_seconds()
        try:
            sent: Any = run_deployment(
                deployment(site),
                parameters={"order": order.model_dump(mode="json")},
                scheduled_time=datetime.now(UTC) + timedelta(seconds=after),
                flow_run_name=f"{run.place.application} {run.version} at {site}: {self._named()}",
                timeout=0,
                idempotency_key=uuid4().hex,  # a request whose answer was lost is sent again
            )
            self._sent = sent.id
        except ObjectNotFound:
            self._sent = None

    def bring(self) -> object:
        """Wait until it is over; gives what came of each host, an error, or None when its process died."""
        if self._sent is None:
            return self._wrong("is not known to the server, expected it to be; run `sendoff register`")
        state = self._end(self._sent)
        self.surely_over = state is not None and (state.is_completed() or state.is_failed())
        if state is None:
            waited = duration(self.run.settings.site.total_seconds())
            command = f"prefect worker start --pool {pool(self.order.site)} --type process"
            return self._wrong(
                f"nobody began in {waited}, expected a worker there; see that one runs: {command}"
            )
        if state.is_crashed():
            self.run.say(f"site {self.order.site}: its process died: {state.message}")
            return None
        if state.is_cancelled():
            return self._wrong("somebody cancelled it, expected it to end by itself; start the release again")
        return self._came_back(state)

    def each(self, came: object) -> Iterator[tuple[HostKey, object]]:
        """Give what came of each host; an error of the whole is that of each."""
        if came is None:
            came = self._wrong("its process died again and again; look for the cause in its worker's log")
        yield from came.items() if isinstance(came, dict) else ((key, came) for key in self.hosts)

    def call_off(self) -> None:
        """Have it stop at its next safe point."""
        if self._sent is not None and not _state(self._sent).is_final():
            with get_client(sync_client=True) as client:
                client.set_flow_run_state(self._sent, Cancelling(message="its release waits no longer"))

    def wait(self) -> State[Any] | None:
        """Wait until it is over, but not for long."""
        deadline = time.monotonic() + GRACE
        while self._sent and not (state := _state(self._sent)).is_final():
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL)
        return state if self._sent else None

    def _end(self, sent: UUID) -> State[Any] | None:
        """Wait for its end; None when nobody has begun with it in time, so that it was called off."""
        while not (state := _state(sent)).is_final():
            if state.type in NOT_BEGUN and time.monotonic() > self._begins_by:
                self.call_off()
                after = self.wait()
                return None if after is None or after.is_cancelled() else after
            time.sleep(POLL)
        return state

    def _came_back(self, state: State[Any]) -> object:
        try:
            came: object = state.result(raise_on_failure=False)
        except Exception as error:  # whatever the storage of results raises
            return self._wrong(
                f"what came of it cannot be read here ({error!r}), expected results in a place that all "
                "workers share; see `Several workers` in docs/operator.md"
            )
        if isinstance(came, dict | SendoffError | Fenced):
            return came
        return self._wrong(f"its worker could not do it ({came!r}); see the log of its run")

    def _wrong(self, what: str) -> StepErrored:
        return StepErrored(self.run.mask(f"site {self.order.site!r}: {self.order.step!r}: {what}"))

    def _named(self) -> str:
        few = len(self.hosts) <= FEW
        where = ", ".join(host for _, host in self.hosts) if few else count(len(self.hosts), "host")
        return f"{self.order.step} {where}"


def _state(run: UUID) -> State[Any]:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
    if state is None:
        raise StepErrored(f"run {run}: has no state, expected one; look at it in the Prefect UI")
    return state
