"""What is to be told is told, once a channel, beside the release."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.exceptions import ObjectNotFound

from blocks import lookup
from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.telling import Notice
from sendoff.webhooks import NotTaken
from tasks import telling
from tasks.telling import PAUSES, ROUNDS, Announcer, Telling, routes_of, tell_in_rounds, tell_of

RUN = str(uuid4())
CONFIG: dict[str, Any] = {
    "application": "shop",
    "owner": "the shop",
    "hosts": {"a": {"address": "a.example"}},
    "build": {"source": {"folder": "."}, "command": ["true"], "output": "out"},
    "notify": [{"name": "team", "block": "slack-webhook/team"}],
    "environments": [
        {
            "name": "live",
            "targets": [{"name": "web", "hosts": ["a"], "user": "deploy", "root": "/srv/shop"}],
            "notify": [
                {"name": "register", "webhook": "http://127.0.0.1:9/", "secret": "HOOK", "events": ["live"]}
            ],
        }
    ],
}
CREATED = {
    "run": RUN,
    "flow": "release",
    "application": "shop",
    "environment": "live",
    "version": "1",
    "why": {"summary": "new", "reason": "now", "risk": "low", "requested_by": "robin"},
    "config": CONFIG,
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is asked for them."""
    monkeypatch.setattr(lookup, "secrets", lambda application, environ: {"HOOK": "hush", "OTHER": "unnamed"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")) as opened:
        opened.append(RUN, "release.created", "robin", CREATED, "created")
        yield opened


@pytest.fixture
def ended(ledger: Ledger) -> Event:
    return ledger.append(RUN, "release.ended", "robin", {"end": "live", "said": ""}, "ended")


class World:
    """Channels that do as they are told: an answer is an error, or None for taken; the last stays."""

    def __init__(self, **answers: list[NotTaken | None]) -> None:
        self.answers, self.got, self.pauses = answers, list[tuple[str, str]](), list[float]()
        self.lock = threading.Lock()

    def send(self, route: Any, notice: Notice, secrets: Mapping[str, str]) -> None:
        with self.lock:
            left = self.answers.get(route.name, [None])
            answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is not None:
            raise answer
        assert "OTHER" not in secrets
        self.got.append((route.name, notice.subject))

    def deliver(self, ledger: Ledger, event: Event, is_last: bool = False) -> list[str]:
        return Telling(ledger, RUN, event.hash, {}, self.send, self.pauses.append).deliver(is_last)


def written(ledger: Ledger) -> list[tuple[str, str, Any]]:
    events = ledger.events(RUN, ("told", "not_told"))
    return sorted((event.kind, event.body["channel"], event.body["tries"]) for event in events)


def test_each_channel_is_told_once(ledger: Ledger, ended: Event) -> None:
    """Done again, nothing is sent, and the ledger names each success once."""
    world = World()
    assert world.deliver(ledger, ended) == []
    assert world.deliver(ledger, ended) == []
    assert sorted(world.got) == [("register", "shop 1 to live: live"), ("team", "shop 1 to live: live")]
    assert written(ledger) == [("told", "register", 1), ("told", "team", 1)]


def test_only_who_wants_it_is_told(ledger: Ledger) -> None:
    """A channel of some events hears nothing of the others."""
    world = World()
    world.deliver(ledger, ledger.events(RUN)[0])
    assert [name for name, _ in world.got] == ["team"]


def test_it_is_tried_again_with_pauses(ledger: Ledger, ended: Event) -> None:
    """A receiver in trouble gets some time, or what it asks for."""
    world = World(team=[NotTaken("answered 500"), NotTaken("answered 429", wait=33), None])
    assert world.deliver(ledger, ended) == []
    assert world.pauses == [PAUSES[0], 33]
    assert written(ledger) == [("told", "register", 1), ("told", "team", 3)]


def test_a_receiver_that_is_down_holds_up_no_other(ledger: Ledger, ended: Event) -> None:
    """It is left for the next round; the other is not told again then."""
    world = World(team=[NotTaken("could not be reached")])
    assert world.deliver(ledger, ended) == ["team"]
    assert written(ledger) == [("told", "register", 1)]
    world.answers = {}
    assert world.deliver(ledger, ended) == []
    assert [name for name, _ in world.got] == ["register", "team"]


def test_the_last_round_gives_up(ledger: Ledger, ended: Event) -> None:
    """The ledger says so, and why."""
    world = World(team=[NotTaken("could not be reached")])
    assert world.deliver(ledger, ended, is_last=True) == []
    assert written(ledger) == [("not_told", "team", 3), ("told", "register", 1)]
    (given_up,) = ledger.events(RUN, ("not_told",))
    assert given_up.body["why"] == "could not be reached"


def test_who_says_no_is_not_asked_again(ledger: Ledger, ended: Event) -> None:
    """An address that is wrong stays wrong."""
    world = World(team=[NotTaken("answered 404", again=False)])
    assert world.deliver(ledger, ended) == []
    assert world.pauses == []
    assert ("not_told", "team", 1) in written(ledger)


class Server:
    """As much of a Prefect server as starts runs; one for each key."""

    def __init__(self, has_deployment: bool = True) -> None:
        self.started: dict[str, Any] = {}
        self.has_deployment = has_deployment

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""

    def read_deployment_by_name(self, name: str) -> Any:
        if not self.has_deployment:
            raise ObjectNotFound(Exception("404"))
        return SimpleNamespace(id="d")

    def create_flow_run_from_deployment(self, deployment: Any, idempotency_key: str, **more: Any) -> None:
        self.started.setdefault(idempotency_key, more)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(telling, "get_client", lambda sync_client: made)
    return made


Announce = Callable[..., Any]


@pytest.fixture
def announce(ledger: Ledger, server: Server) -> Announce:
    """Make the announcer of a process of the run, which says what it says to a list."""

    def make(said: list[str], deployment: str | None = "d", environ: Mapping[str, str] = {}) -> Announcer:
        run: Any = SimpleNamespace(ledger=ledger, id=RUN, say=said.append, environ=environ)
        flow_run: Any = SimpleNamespace(deployment_id=deployment)
        return Announcer(run, flow_run, routes_of(ledger.events(RUN)[0]))

    return make


def test_events_are_told_by_runs_of_their_own(ledger: Ledger, server: Server, announce: Announce) -> None:
    """One for each event; steps and the like start none."""
    announcer = announce([])
    announcer.catch_up()
    announcer(ledger.append(RUN, "step.done", "robin", {"action": "deploy", "seconds": 1}))
    announcer(ledger.append(RUN, "release.ended", "robin", {"end": "live", "said": ""}))
    assert [each["name"] for each in server.started.values()] == [
        "tell of release.created",
        "tell of release.ended",
    ]


def test_what_a_dead_process_did_not_have_told_is_told_by_the_next(
    ledger: Ledger, server: Server, announce: Announce, ended: Event
) -> None:
    """It is read from the ledger; what was started before is the same run, by its key."""
    announce([]).catch_up()
    announce([]).catch_up()
    assert [key.startswith(f"tell-{event.hash}") for key, event in zip(
        server.started, ledger.events(RUN), strict=True
    )] == [True, True]  # fmt: skip


def test_a_missing_deployment_is_no_reason_to_fail(
    server: Server, announce: Announce, ledger: Ledger
) -> None:
    """The run says what is missing, and goes on."""
    server.has_deployment = False
    said: list[str] = []
    announce(said).catch_up()
    assert said == [
        "somebody could not be told what happens "
        "(deployment 'tell' is not there; run `sendoff register`); it goes on"
    ]
    tell_of(server, ledger, ledger.events(RUN)[0])  # type: ignore[arg-type]


def test_a_run_without_a_deployment_tells_by_itself(
    ledger: Ledger, announce: Announce, ended: Event, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the background; at its end it waits a little for that."""
    world = World()
    monkeypatch.setattr(telling, "Telling", partial(Telling, send=world.send))
    announcer = announce([], deployment=None)
    announcer.catch_up()
    announcer.close()
    assert len(written(ledger)) == 3


def test_a_run_without_a_deployment_does_not_wait_for_ever(
    ledger: Ledger, announce: Announce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that hangs is left behind, and the run says so."""
    hang = threading.Event()
    monkeypatch.setattr(telling, "LINGER", 0.1)
    monkeypatch.setattr(telling, "Telling", partial(Telling, send=lambda *_: hang.wait(30)))
    said: list[str] = []
    announcer = announce(said, deployment=None)
    announcer.catch_up()
    announcer.close()
    hang.set()
    assert said == ["not all who are to be told were told in 0 s; the run is over"]


def test_rounds_come_to_an_end(
    ledger: Ledger, ended: Event, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round that leaves somebody untold starts the next one, later; the last one gives up."""
    world = World(team=[NotTaken("could not be reached")], register=[NotTaken("answered 503")])
    monkeypatch.setattr(telling, "Telling", partial(Telling, send=world.send, sleep=world.pauses.append))
    said = [tell_in_rounds(ledger, RUN, ended.hash, tried) for tried in range(len(ROUNDS) + 1)]
    assert said[0] == "not told yet: team, register; tried again in 1 min"
    assert said[-1] == "all who are to be told were told, or given up"
    assert [key.rpartition("-")[2] for key in server.started] == ["1", "2", "3", "4"]
    assert {kind for kind, _, _ in written(ledger)} == {"not_told"}
