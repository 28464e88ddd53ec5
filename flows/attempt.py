"""What every story has around it: a beginning that checks all, and one of a few known ends."""

from __future__ import annotations

import logging
import os
from types import TracebackType
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import Pause, TerminationSignal
from prefect.logging import get_run_logger
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import rules
from sendoff import catalog
from sendoff.catalog import Loaded
from sendoff.errors import BadInput, CheckFailed, Fenced, PolicyRefused, SendoffError, StepErrored, Undone
from sendoff.ledger import Ledger
from sendoff.ledger.models import GOOD_ENDS, End, Event
from sendoff.nightly import nightly
from sendoff.report.emergency import EMERGENCY
from sendoff.report.halt import where_it_stopped
from sendoff.report.release import summary
from sendoff.reviewing import open_review
from sendoff.settings import Settings
from sendoff.spec.intent import Intent
from tasks.deeds import SOMEBODY, canceller, starter
from tasks.ends import state_of
from tasks.keeper import Keeper
from tasks.lease import take_lease
from tasks.publish import publish_report, publish_what_is_where
from tasks.resolve import resolve
from tasks.run import Place, Run
from tasks.telling import Announcer
from tasks.when import tell_when

STORY: dict[str, Any] = {"persist_result": True, "task_runner": ThreadPoolTaskRunner(max_workers=50)}

ENDS: tuple[tuple[type[SendoffError], End], ...] = (
    (Undone, "undone"),
    (CheckFailed, "failed"),
    (PolicyRefused, "refused"),
    (BadInput, "refused"),
    (StepErrored, "errored"),
)


class AlreadyOver(Exception):
    """The run has come to its end before, in a process that died before it could say so."""


class Attempt:
    """One attempt to do one thing in one environment: `with Attempt(...) as attempt: run = attempt.begin()`.

    Leaving it, also by an error or because somebody cancelled it, writes down how it ended, gives the lease
    back and closes connections. A suspended run leaves it too, and keeps its lease; a process that another
    has taken the place of ends without a word. `state` is then what the flow returns.
    """

    def __init__(self, flow: str, place: Place, version: str, why: Intent, changes: bool = True) -> None:
        self.flow, self.place, self.why, self.changes = flow, place, why, changes
        self.asked_for = version
        self.id = str(_flow_run().id)
        self.logger = get_run_logger()
        self.state: State[Any] = Completed()
        self.end: End = "done"
        self.said = ""
        self._run: Run | None = None
        self._keeper: Keeper | None = None
        self._announcer: Announcer | None = None

    def __enter__(self) -> Attempt:
        """Begin nothing yet: what can go wrong goes wrong inside."""
        return self

    def begin(self) -> Run:
        """Take the snapshot and the lease; refuse, before any effect, what could not be carried out."""
        settings = Settings.read(os.environ)
        ledger = Ledger.open(settings.ledger_url, mask=self._masked)
        over = ledger.last(self.id, ("release.ended",))
        created = self._created(ledger, settings)
        self._run = run = Run(created, ledger, settings, self.logger)
        if over:
            self.end, self.said = over.body["end"], over.body["said"]
            raise AlreadyOver
        run.open()
        self._tell(run)
        self._show(run)
        rules.refuse(run)
        if self.changes:
            tell_when(run)
            self._keeper = take_lease(run)
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Come to an end, unless the run goes on later or elsewhere; then only connections are closed."""
        try:
            return self._left(error)
        except Fenced as fenced:
            self.state = self._fenced(fenced)
            return True
        finally:
            if self._keeper:
                self._keeper.stop()
            if self._announcer:
                self._announcer.close()
            if self._run:
                self._run.close()

    def _left(self, error: BaseException | None) -> bool:
        """Leave, by this error or none; tells whether the error is dealt with."""
        if isinstance(error, Fenced):
            raise error
        if isinstance(error, Pause) and self._keeper:
            self._keeper.park()
        if self._run and _is_cancelled(error):
            self.end, self.said = "cancelled", self._cancelled(self._run)
        elif isinstance(error, AlreadyOver):
            self.logger.warning("this run is over: it ended as %r; start a new one instead", self.end)
        elif isinstance(error, Exception):
            self.said = self._told(error)
        elif error is not None:
            return False
        self.state = self._come_to_an_end(self._run) if self._run else state_of(self.end, self.said)
        if isinstance(error, AlreadyOver) and self.end not in GOOD_ENDS:
            self.state.message = f"{self.state.message}; it was over before, start a new one instead"
        return error is not None

    def _cancelled(self, run: Run) -> str:
        who = canceller(_read_again(), run.ledger, run.settings)
        where = where_it_stopped(run.ledger.events(release=self.id))
        return where if who == SOMEBODY else f"{who.name} cancelled it; {where}"

    def _created(self, ledger: Ledger, settings: Settings) -> Event:
        """Write down what was started, the first time; a resumed run gets back what was written then."""
        if known := ledger.last(self.id, ("release.created",)):
            return known
        loaded = self._find(settings)
        scheduled = nightly(loaded.file, self.place.environment) if self.flow == "release" else None
        who = starter(_read_again(), self.why.requested_by, ledger, settings, scheduled)
        self.why = self.why.model_copy(update={"requested_by": who.name})
        version, commit = resolve(loaded, self.place, self.asked_for, ledger, settings, os.environ)
        body = {
            "run": self.id,
            "flow": self.flow,
            "application": self.place.application,
            "environment": self.place.environment,
            "version": version,
            "commit": commit,
            "what": {"version": self.asked_for},
            "why": self.why.model_dump(mode="json"),
            "proved": who.is_proved,
            "folder": str(loaded.folder),
            "config_digest": loaded.digest,
            "config": loaded.file.model_dump(mode="json"),
        }
        return ledger.append(self.id, "release.created", self.why.requested_by, body, "created")

    def _find(self, settings: Settings) -> Loaded:
        """Find the release file; what is wrong with other applications' files is no reason to stop."""
        found, problems = catalog.survey(settings.catalog, naming=self.place.application)
        known = {each.file.application: each for each in found}
        if self.place.application not in known:  # or YAML writes its name in other characters
            found, problems = catalog.survey(settings.catalog)
            known = {each.file.application: each for each in found}
        if self.place.application not in known:
            if problems:
                raise BadInput(problems)
            raise PolicyRefused(
                f"application {self.place.application!r}: has no release file here, "
                f"expected one of {', '.join(sorted(known))}; look at SENDOFF_CATALOG"
            )
        loaded = known[self.place.application]
        names = [environment.name for environment in loaded.file.environments]
        if self.place.environment not in names:
            raise PolicyRefused(
                f"environment {self.place.environment!r}: {self.place.application} has none of that name, "
                f"expected one of {', '.join(names)}"
            )
        return loaded

    def _tell(self, run: Run) -> None:
        """Have told what happens, and what a process before this one could not have told any more."""
        routes = run.file.channels(self.place.environment)
        run.announce = self._announcer = Announcer(run, _flow_run(), routes)
        self._announcer.catch_up()

    def _show(self, run: Run) -> None:
        """Name and tag the run so that people find it."""
        tags = {self.place.application, self.place.environment, run.version, self.flow}
        flow_run = _flow_run()
        name = flow_run.name.replace(f" {self.asked_for}", f" {run.version}")
        if run.why.emergency:
            tags.add(EMERGENCY)
            name = f"{EMERGENCY}: {name.removeprefix(f'{EMERGENCY}: ')}"
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, name=name, tags=sorted({*flow_run.tags, *tags}))

    def _told(self, error: Exception) -> str:
        self.end = next((end for kind, end in ENDS if isinstance(error, kind)), "errored")
        if isinstance(error, SendoffError):
            said = self._masked(str(error))
            self.logger.error("%s", said)
            return said
        self.logger.exception("something unforeseen broke")
        return f"something unforeseen broke ({type(error).__name__}); the log has the details"

    def _masked(self, text: str) -> str:
        return self._run.mask(text) if self._run else text

    def _come_to_an_end(self, run: Run) -> State[Any]:
        created = run.ledger.last(self.id, ("release.created",))
        if opened := open_review(run.ledger, created, self.end):
            run.announce(opened)
        run.record("release.ended", {"end": self.end, "said": self.said}, key="ended")
        run.ledger.give_back(self.place.resource, self.id, run.actor)
        publish_report(run)
        publish_what_is_where(run)
        return state_of(self.end, summary(run.ledger.events(release=self.id)))

    def _fenced(self, fenced: Fenced) -> State[Any]:
        """Leave what another process goes on with, or has brought to an end: that one speaks for the run.

        When somebody has taken the environment away from a living run, that is its end.
        """
        run = self._run
        if run is None:
            raise fenced
        self.logger.warning("%s", fenced)
        if _flow_run().deployment_id and is_elsewhere(run):
            run.close()
            logging.shutdown()
            os._exit(0)  # whatever else this process said would be taken for the run's state
        run.lease = None
        self.end, self.said = "errored", f"{fenced}; {where_it_stopped(run.ledger.events(release=self.id))}"
        return self._come_to_an_end(run)


def is_elsewhere(run: Run) -> bool:
    """Tell whether another process goes on with a run that this one is not to go on with, or has ended it."""
    if run.lease is None or run.ledger.last(run.id, ("release.ended",)):
        return True
    held = {lease.resource: lease.release for lease in run.ledger.leases()}
    return held.get(run.lease.resource) == run.id


def _flow_run() -> Any:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("an attempt is made inside a flow run")
    return context.flow_run


def _read_again() -> FlowRun:
    """Read the run as the server has it: what was said when it was started, word for word."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(_flow_run().id)


def _is_cancelled(error: BaseException | None) -> bool:
    """Tell a run that somebody cancelled from one whose process has to go, but which goes on in another."""
    if isinstance(error, KeyboardInterrupt):
        return not _flow_run().deployment_id
    if not isinstance(error, TerminationSignal):
        return False
    state = _read_again().state
    return state is not None and state.is_cancelling()
