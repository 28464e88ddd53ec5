"""What is done about a run whose process has died: looked at first, once a crash, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling, Completed, Crashed, Failed, Pending, Running, Suspended

from sendoff.ledger import Ledger
from tasks.recovery import NOT_BEGUN, SILENCE, WAITS, Recovery

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
RUN, LOOKS = uuid4(), uuid4()
SETTINGS: Any = SimpleNamespace(signed_by=None)
CREATED = {"application": "shop", "environment": "live", "version": "1", "flow": "release", "why": {}}


class Server:
    """As much of a Prefect server as knows one run."""

    def __init__(self) -> None:
        self.states: list[State[Any]] = []
        self.deployment: UUID | None = uuid4()
        self.reports: list[str] = []
        self.tags: list[str] = ["sendoff"]
        self.heard: list[datetime] = []
        self.looks: list[tuple[datetime, datetime]] = []  # when, and since when
        self.keys: set[str] = set()

    def read_deployment_by_name(self, name: str) -> Any:
        assert name == "recover/recover"
        return SimpleNamespace(id=LOOKS)

    def create_flow_run_from_deployment(
        self, deployment: UUID, *, parameters: dict[str, Any], state: State[Any], idempotency_key: str
    ) -> None:
        assert (deployment, parameters["run"], parameters["silent"]) == (LOOKS, str(RUN), True)
        if idempotency_key not in self.keys:
            at = state.state_details.scheduled_time
            assert at is not None
            self.looks.append((at, datetime.fromisoformat(parameters["since"])))
        self.keys.add(idempotency_key)

    def request(self, method: str, path: str, json: dict[str, Any]) -> Any:
        assert (method, path) == ("POST", "/events/filter")
        assert json["filter"]["resource"] == {"id": [f"prefect.flow-run.{RUN}"]}
        newest = [{"occurred": at.isoformat()} for at in sorted(self.heard, reverse=True)]
        return SimpleNamespace(json=lambda: {"events": newest[: json["limit"]]})

    def read_flow_run(self, wanted: UUID) -> Any:
        if wanted != RUN:
            raise ObjectNotFound(Exception("404"))
        state = self.states[-1]
        return SimpleNamespace(
            id=RUN,
            name="shop 1 to live",
            state=state,
            state_name=state.name,
            deployment_id=self.deployment,
            tags=self.tags,
        )

    def read_flow_run_states(self, wanted: UUID) -> list[State[Any]]:
        return self.states

    def set_flow_run_state(self, wanted: UUID, state: State[Any], force: bool = False) -> None:
        self.states.append(state)

    def create_artifact(self, artifact: Any) -> None:
        self.reports.append(artifact.data)

    def comes_to(self, *states: State[Any]) -> None:
        self.states += states


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=lambda: START)) as opened:
        yield opened


def look(
    server: Server,
    ledger: Ledger,
    by: str = "r1",
    at: datetime = START,
    run: UUID = RUN,
    silent: bool = False,
    since: datetime | None = None,
) -> str:
    client: Any = server
    found = Recovery(client, ledger, by, SETTINGS, now=lambda: at, sleep=lambda seconds: None)
    return found.look_after(run, silent, since)


def begun(ledger: Ledger) -> None:
    ledger.append(str(RUN), "release.created", "sam", CREATED, "created")
    ledger.take_lease("shop/live", str(RUN), "sam", "release: new")


def test_a_crash_is_scheduled_again(server: Server, ledger: Ledger) -> None:
    """It goes on at once; its state tells why, and which try it is."""
    begun(ledger)
    server.comes_to(Running(), Crashed(message="exit code -9"))
    said = look(server, ledger)
    assert said.endswith("its process died; it goes on in another, try 1 of 5")
    assert server.states[-1].name == "AwaitingRetry"
    assert server.states[-1].state_details.scheduled_time == START
    (event,) = ledger.events(str(RUN), ("release.recovered",))
    assert event.body["why"] == "exit code -9"


def test_a_run_that_had_not_begun(server: Server, ledger: Ledger) -> None:
    """It goes on as well; its own events still begin with how it was started, once it is."""
    server.comes_to(Pending(), Crashed(message="its worker died"))
    assert look(server, ledger).endswith("its process died; it goes on in another, try 1 of 5")
    assert not ledger.events(str(RUN))
    server.comes_to(Pending(), Crashed(message="its worker died again"))
    assert look(server, ledger).endswith("try 2 of 5")
    begun(ledger)
    assert ledger.events(str(RUN))[0].kind == "release.created"
    assert len(ledger.events(f"{RUN}{NOT_BEGUN}", ("release.recovered",))) == 2


def test_once_for_each_crash(server: Server, ledger: Ledger) -> None:
    """The same crash, reported to two, is looked after by one."""
    server.comes_to(Running(), Crashed())
    look(server, ledger)
    crash = server.states.pop()
    assert crash.name == "AwaitingRetry"
    assert "is being looked after already" in look(server, ledger, by="r2")
    assert server.states[-1].name == "Crashed"


def test_a_second_report_of_a_crash_is_awaited(server: Server, ledger: Ledger) -> None:
    """A worker reports a crash twice; what is scheduled in between would be crashed again by the second."""
    first = Crashed(message="first").model_copy(update={"timestamp": START - timedelta(seconds=2)})
    second = Crashed(message="second").model_copy(update={"timestamp": START})
    begun(ledger)
    server.comes_to(Running(), first)
    slept: list[float] = []

    def reported_again(seconds: float) -> None:
        slept.append(seconds)
        server.comes_to(second)

    client: Any = server
    Recovery(client, ledger, "r1", SETTINGS, now=lambda: START, sleep=reported_again).look_after(RUN)
    assert slept == [3.0]
    (event,) = ledger.events(str(RUN), ("release.recovered",))
    assert event.body["why"] == "second"


def test_whoever_looks_after_it_may_die(server: Server, ledger: Ledger) -> None:
    """One that was killed before it scheduled the run does so when it is run again; later another does."""
    begun(ledger)
    server.comes_to(Running(), Crashed())
    look(server, ledger)
    server.states.pop()
    look(server, ledger)
    assert server.states.pop().name == "AwaitingRetry"
    look(server, ledger, by="r2", at=START + timedelta(seconds=61))
    assert server.states[-1].name == "AwaitingRetry"
    assert len(ledger.events(str(RUN), ("release.recovered",))) == 1


def test_later_each_time_and_not_for_ever(server: Server, ledger: Ledger) -> None:
    """Each try waits longer; then it is given up, with what is live, and its environment is free."""
    begun(ledger)
    for number, seconds in enumerate(WAITS, start=1):
        server.comes_to(Running(), Crashed(message=f"crash {number}"))
        look(server, ledger)
        assert server.states[-1].state_details.scheduled_time == START + timedelta(seconds=seconds)
    server.comes_to(Running(), Crashed(message="exit code 3"))
    look(server, ledger)
    assert server.states[-1].name == "Errored"
    (ended,) = ledger.events(str(RUN), ("release.ended",))
    assert ended.body["said"] == (
        "its process died 6 times; the last time: exit code 3; look for the cause before you start it again; "
        "it stopped before it was built"
    )
    assert ledger.leases() == ()
    assert "could not be brought to live" in server.reports[0]


@pytest.mark.parametrize(
    "state", [Pending(), Running(), Suspended(), Completed()], ids=lambda state: str(state.name)
)
def test_what_needs_nothing(server: Server, ledger: Ledger, state: State[Any]) -> None:
    """A run that goes on, waits for people, or has ended is left alone."""
    if state.is_final():
        ledger.append(str(RUN), "release.ended", "sam", {"end": "live", "said": ""}, "ended")
    server.comes_to(state)
    assert "needs nothing" in look(server, ledger)
    assert server.states == [state]


def test_a_run_that_is_not_there(server: Server, ledger: Ledger) -> None:
    """A run that was deleted is no error."""
    assert "no such run here" in look(server, ledger, run=uuid4())


@pytest.mark.parametrize("states", [[Suspended(), Cancelled()], [Running(), Cancelling(), Crashed()]])
def test_cancelled_without_a_process(server: Server, ledger: Ledger, states: list[State[Any]]) -> None:
    """A run that was cancelled is not had to go on: its end is written down, its environment freed."""
    begun(ledger)
    for number, state in enumerate(states):
        server.comes_to(state.model_copy(update={"timestamp": START + timedelta(seconds=number)}))
    look(server, ledger)
    assert server.states[-1].name == "Cancelled"
    (ended,) = ledger.events(str(RUN), ("release.ended",))
    assert ended.body["end"] == "cancelled"
    assert ledger.leases() == ()


@pytest.mark.parametrize("state", [Completed(), Cancelled(), Failed()], ids=lambda state: state.name)
@pytest.mark.parametrize("silent", [True, False])
def test_what_has_begun_nothing_is_left_alone(
    server: Server, ledger: Ledger, state: State[Any], silent: bool
) -> None:
    """A timer that is done, or a run that was cancelled before it began: to end it anew would never end."""
    server.comes_to(Running(), state)
    assert look(server, ledger, silent=silent).endswith("has begun nothing and needs nothing")
    assert server.states[-1] is state


def test_started_by_hand(server: Server, ledger: Ledger) -> None:
    """No worker can go on with it, so it is brought to an end."""
    begun(ledger)
    server.deployment = None
    server.comes_to(Running(), Crashed())
    look(server, ledger)
    assert server.states[-1].name == "Errored"
    assert ledger.leases() == ()


def at(seconds: float, state: State[Any]) -> State[Any]:
    return state.model_copy(update={"timestamp": START + timedelta(seconds=seconds)})


@pytest.mark.parametrize("state", [Running(), Pending()], ids=lambda state: state.name)
def test_silent_run_goes_on(server: Server, ledger: Ledger, state: State[Any]) -> None:
    """A run of which nothing is heard is taken for dead, and goes on in another process."""
    server.comes_to(at(-100, state))
    server.heard = [START - timedelta(seconds=70)]
    assert "goes on in another, try 1 of 5" in look(server, ledger, silent=True)
    assert [each.name for each in server.states] == [state.name, "Crashed", "AwaitingRetry"]


@pytest.mark.parametrize("state", [Suspended(pause_key="k"), Completed()], ids=["waits", "over"])
def test_what_is_silent_by_itself(server: Server, ledger: Ledger, state: State[Any]) -> None:
    """A run that waits says nothing, nor does one that is over; a server that was away tells late."""
    begun(ledger)
    ledger.append(str(RUN), "release.ended", "r", {"end": "live", "said": ""}, "ended")
    server.comes_to(at(-100, state))
    assert "needs nothing" in look(server, ledger, silent=True)
    assert server.states[-1].name == state.name


def test_heard_of_since(server: Server, ledger: Ledger) -> None:
    """A run that speaks again when it is looked at is left alone."""
    server.comes_to(at(-100, Running()))
    server.heard = [START - timedelta(seconds=100), START - timedelta(seconds=3)]
    assert "needs nothing" in look(server, ledger, silent=True)
    assert server.states[-1].name == "Running"


def test_what_was_heard_last_may_have_been_the_last(server: Server, ledger: Ledger) -> None:
    """A server that had lost its database takes a run for silent too early, and then never again."""
    heard, first = START - timedelta(seconds=60), START
    server.comes_to(at(-100, Running()))
    server.heard = [heard]
    for _ in range(2):
        said = look(server, ledger, at=first, silent=True)
        assert "was heard of 60 s ago and needs nothing yet; it is looked at again when that was 70 s" in said
    ((second, since),) = server.looks
    assert (second, since) == (heard + SILENCE, first)
    assert "goes on in another" in look(server, ledger, at=second, silent=True, since=since)
    assert [each.name for each in server.states] == ["Running", "Crashed", "AwaitingRetry"]
    assert len(server.looks) == 1


@pytest.mark.parametrize("seconds", [1, 9.9])
def test_not_looked_at_for_ever(server: Server, ledger: Ledger, seconds: float) -> None:
    """What is heard of again after it was looked at lives, and its server hears it."""
    server.comes_to(at(-100, Running()))
    server.heard = [START + timedelta(seconds=seconds)]
    second = START + timedelta(seconds=10)
    assert "needs nothing" in look(server, ledger, at=second, silent=True, since=START)
    assert server.looks == []


def test_silent_step_at_a_site(server: Server, ledger: Ledger) -> None:
    """It is only shown as dead: the release that waits for it asks again."""
    server.tags = ["sendoff-at-site"]
    server.comes_to(at(-100, Running()))
    assert "its release looks after it" in look(server, ledger, silent=True)
    assert server.states[-1].name == "Crashed"


def test_crash_whose_report_was_held_up(server: Server, ledger: Ledger) -> None:
    """What the server has not passed on is found out when the run is looked at for its silence."""
    server.comes_to(Running(), at(-70, Crashed()))
    assert "goes on in another" in look(server, ledger, silent=True)
