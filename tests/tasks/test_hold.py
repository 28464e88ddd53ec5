"""A release is held at its safe points, says why, and goes on; what was begun is carried out first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.ledger import Ledger
from sendoff.spec.timing import Window
from sendoff.timing.override import Shown, in_force
from sendoff.timing.rules import Freeze, Rules, Stop, Unread, without
from tasks import hold as module
from tasks import holding
from tasks.asking import Given
from tasks.hold import hold, hold_while_unread

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FREEZE = Freeze(begins=NOON - HOUR, ends=NOON + 3 * HOUR, owner="ops", reason="Year end")
FROZEN = Rules(freezes=(FREEZE,))
CLOSED = Rules(windows=(Window(opens="12:30", closes="13:00"),))
SHIP = {"decision": "ship anyway", "who": "ops", "comment": "it burns"}
STOPPED = Rules(stops=(Stop(reason="an outage", owner="ada", since=NOON),))


class Waits(BaseException):
    """The process is left: the run is suspended."""


class World:
    """A run, its rules, and what it waits for; time stands still unless it is moved."""

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ledger, self.rules, self.now = ledger, Rules(), NOON
        where = {"application": "shop", "environment": "production"}
        ledger.append("r1", "release.created", "ada", {"flow": "release", "version": "2", **where})
        self.waited: list[tuple[str, str]] = []
        self.woken_at: list[datetime] = []
        self.woken: list[str] = []
        self.says: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.texts: list[str] = []
        self.then: Callable[[], None] = self._leave
        self.said: list[str] = []
        self.run: Any = SimpleNamespace(
            id="r1",
            flow="release",
            version="2",
            place=SimpleNamespace(application="shop", environment="production"),
            why=SimpleNamespace(summary="s", reason="r", risk="low", risk_note="", requested_by="robin"),
            settings=SimpleNamespace(signed_by=None),
            ledger=ledger,
            now=lambda: self.now,
            say=self.said.append,
            record=lambda kind, body, key=None, actor="ada": ledger.append("r1", kind, actor, body, key),
        )
        monkeypatch.setattr(module, "rules_now", lambda run, at: self._rules())
        monkeypatch.setattr(module, "wake_at", lambda run, key, at: self.woken_at.append(at))
        monkeypatch.setattr(module, "wait_until_woken", self._wait)
        monkeypatch.setattr(module, "_wake", self.woken.append)
        monkeypatch.setattr(holding, "answer_to", self._answer)

    def _rules(self) -> Rules:
        return without(self.rules, in_force(self.ledger.events("r1")))

    def _leave(self) -> None:
        raise Waits

    def _wait(self, key: str, before: Any, why: str, after: Any) -> None:
        before(key)
        self.waited.append((key, why))
        after(key)
        self.then()

    def _answer(self, model: Any, key: str, before: Any, why: str, after: Any) -> Given | None:
        self.texts.append(str(model._description))
        if not (self.says and self.asked):
            self.asked.append(key)
            self._wait(key, before, why, after)
            return None
        said = self.says.pop(0)
        return Given(said, said, self.asked.pop())

    def hold(self, place: str = "deploy", hosts: tuple[str, ...] = ()) -> None:
        hold(self.run, place, hosts)

    def plan(self, digest: str) -> None:
        self.ledger.append("r1", "release.planned", "ada", {"plan_digest": digest})

    def suspends(self, place: str = "deploy") -> None:
        """See that it waits."""
        with pytest.raises(Waits):
            self.hold(place)

    def happened(self) -> list[str]:
        """Name what was written down since it was started."""
        return [event.kind for event in self.ledger.events("r1")][1:]

    def bodies(self, *kinds: Any) -> list[dict[str, Any]]:
        return [event.body for event in self.ledger.events("r1", kinds)]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as ledger:
        yield World(ledger, monkeypatch)


def test_goes_on_where_it_may(world: World) -> None:
    """Nothing is written down, and nobody waits."""
    world.hold()
    assert world.happened() == []


@pytest.mark.parametrize("rules", [FROZEN, CLOSED, STOPPED], ids=["freeze", "window", "line"])
def test_held(world: World, rules: Rules) -> None:
    """It suspends, with the same sentence in its state and in the ledger."""
    world.rules = rules
    with pytest.raises(Waits):
        world.hold("go-live/2")
    (held,) = world.bodies("release.held")
    assert world.waited == [("hold-go-live-2-1", held["said"])]
    assert (held["place"], held["said"][:9]) == ("go-live/2", "it waits,")


def test_held_by_a_copy(world: World) -> None:
    """Its state says so when a calendar was read from a copy."""
    world.rules = FROZEN.model_copy(update={"copies": ("x.ics is away, so its copy is used",)})
    with pytest.raises(Waits):
        world.hold()
    assert world.waited[0][1].endswith(" UTC; x.ics is away, so its copy is used")


def test_let_go(world: World) -> None:
    """It looks again when it is woken, and goes on once it may."""
    world.rules = CLOSED

    def half_an_hour() -> None:
        world.now += HOUR / 2

    world.then = half_an_hour
    world.hold()
    assert world.happened() == ["release.held", "release.let_go"]
    assert world.woken_at == [NOON + HOUR / 2]
    world.hold()
    assert len(world.happened()) == 2


def test_written_down_once(world: World) -> None:
    """A process that goes on, and one that was woken too early, write nothing; other reasons are written."""
    world.rules = FROZEN
    for _ in range(2):
        with pytest.raises(Waits):
            world.hold()
    assert len(world.bodies("release.held")) == 1
    world.rules = STOPPED
    with pytest.raises(Waits):
        world.hold()
    assert [each["on"] for each in world.bodies("release.held")] == ["ops", "whoever lets the line go"]


@pytest.mark.parametrize(
    ("rules", "at"),
    [
        (CLOSED, NOON + HOUR / 2),
        (FROZEN, NOON + HOUR),
        (STOPPED, NOON + HOUR),
        (Rules(unread=(Unread(said="x.ics cannot be read", owner="bob"),)), NOON + timedelta(minutes=5)),
    ],
    ids=["at the next moment", "within the hour", "without a moment", "soon"],
)
def test_looks_again(world: World, rules: Rules, at: datetime) -> None:
    """At the next moment at which it may ship, and before that now and then, as calendars are changed."""
    world.rules = rules
    with pytest.raises(Waits):
        world.hold()
    assert world.woken_at == [at]


def test_let_go_just_then(world: World) -> None:
    """A line that is let go while the run is about to wait wakes it: nobody else knew that it would."""
    world.rules = STOPPED
    wait = world._wait

    def let_go(key: str, before: Any, why: str, after: Any) -> None:
        world.rules = Rules()
        wait(key, before, why, after)

    module.wait_until_woken = let_go  # type: ignore[assignment]
    with pytest.raises(Waits):
        world.hold()
    assert world.woken == ["hold-deploy-1"]


@pytest.mark.parametrize("flow", ["rollback", "build", "verify"])
def test_never_held(world: World, flow: str) -> None:
    """Going back is not, nor is what changes nothing."""
    world.rules, world.run.flow = STOPPED, flow
    world.hold()


@pytest.mark.parametrize(
    ("place", "hosts", "kind", "body"),
    [
        ("deploy", (), "step.done", {"action": "deploy", "host": "a"}),
        ("go-live/1", ("a", "b"), "host.live", {"host": "b", "undo": False}),
        ("go-live/1", ("a", "b"), "step.done", {"action": "go-live", "host": "a"}),
    ],
)
def test_what_was_begun_is_finished(
    world: World, place: str, hosts: tuple[str, ...], kind: Any, body: dict[str, Any]
) -> None:
    """A process that goes on finishes the batch that the one before had begun; the next batch is held."""
    world.rules = STOPPED
    world.ledger.append("r1", kind, "ada", body)
    world.hold(place, hosts)
    with pytest.raises(Waits):
        world.hold("go-live/2", ("c",))


def test_a_question_goes_first(world: World) -> None:
    """Who was asked what to do there can answer, and what they answered is done."""
    world.rules = STOPPED
    asked = {"place": "go-live/1", "number": 1, "version": "2", "broken": [], "of": 1, "is_borne": False}
    more = {"otherwise": "undo", "until": NOON.isoformat(), "staged": [], "live": [], "because": ""}
    world.ledger.append("r1", "trouble.asked", "ada", asked | more)
    world.hold("go-live/1", ("a",))


def test_owner_ships_anyway(world: World) -> None:
    """It counts for this release and this freeze, and is recorded with who and why."""
    world.rules = FROZEN
    with pytest.raises(Waits):
        world.hold()
    world.says = [{"decision": "ship anyway", "who": "ops", "comment": "it burns"}]
    world.hold()
    (overridden,) = world.bodies("freeze.overridden")
    assert {name: overridden[name] for name in ("freeze", "who", "owner", "comment", "proved")} == {
        "freeze": FREEZE.id,
        "who": "ops",
        "owner": "ops",
        "comment": "it burns",
        "proved": False,
    }
    assert world.happened() == [
        "release.held",
        "hold.asked",
        "freeze.overridden",
        "hold.answered",
        "release.let_go",
    ]


@pytest.mark.parametrize(
    ("who", "decision", "counted"), [("mallory", "ship anyway", False), ("ops", "wait", True)]
)
def test_others_do_not(world: World, who: str, decision: str, counted: bool) -> None:
    """The release waits on, under a new key: an answer is taken once."""
    world.rules = FROZEN
    world.suspends()
    world.says = [{"decision": decision, "who": who, "comment": "now"}]
    world.suspends()
    (answered,) = world.bodies("hold.answered")
    assert answered["counted"] is counted
    assert world.bodies("freeze.overridden") == []
    assert [key for key, _ in world.waited] == ["hold-deploy-1", "hold-deploy-2"]


def test_what_is_shown_is_written_down(world: World) -> None:
    """Before anybody can answer: the freezes by id, the plan, and the code that stands in the form."""
    world.rules = FROZEN
    world.plan("aa")
    world.suspends()
    (asked,) = world.bodies("hold.asked")
    shown = Shown(freezes=(FREEZE.id,), plan="aa")
    assert asked == {
        "place": "deploy",
        "question": "hold-deploy-1",
        "freezes": [FREEZE.id],
        "plan_digest": "aa",
        "code": shown.code,
    }
    assert f"**Code:** {shown.code}" in world.texts[0]


def test_a_freeze_that_nobody_was_shown_is_not_overridden(world: World) -> None:
    """By the time that the answer is read, another one of the same owner holds the release: it still does."""
    world.rules = FROZEN
    world.suspends()
    audit = FREEZE.model_copy(update={"reason": "Audit, nobody may"})
    world.rules = Rules(freezes=(audit,))
    world.says = [SHIP]
    world.suspends()
    (answered,) = world.bodies("hold.answered")
    assert (answered["counted"], answered["question"]) == (False, "hold-deploy-1")
    assert "'Audit, nobody may' was not shown when 'ops' answered" in answered["said"]
    assert world.bodies("freeze.overridden") == []
    world.says = [SHIP]
    world.hold()
    (overridden,) = world.bodies("freeze.overridden")
    assert overridden["freeze"] == audit.id


def test_a_page_that_was_opened_before_overrides_nothing(world: World) -> None:
    """Its code is of other freezes than those that the question is of by now."""
    world.rules = FROZEN
    world.suspends()
    old = world.bodies("hold.asked")[0]["code"]
    world.rules = Rules(freezes=(FREEZE.model_copy(update={"reason": "Audit"}),))
    world.asked.clear()
    world.suspends()
    world.says = [{**SHIP, "code": old}]
    world.suspends()
    (answered,) = world.bodies("hold.answered")
    assert (answered["counted"], answered["code"]) == (False, old)


def test_nobody_lets_their_own_release_through(world: World) -> None:
    """Who asked for it may own the freeze: it takes another person."""
    world.rules = FROZEN
    world.run.why.requested_by = "ops"
    world.suspends()
    world.says = [SHIP]
    world.suspends()
    assert world.bodies("freeze.overridden") == []
    assert "the requester may not override" in world.bodies("hold.answered")[0]["said"]


def test_an_override_is_of_a_plan(world: World) -> None:
    """What is planned anew makes it void, and the owner is asked again, told why."""
    world.rules = FROZEN
    world.plan("aa")
    world.suspends()
    world.says = [SHIP]
    world.hold()
    for digest in ("bb", "aa"):
        world.plan(digest)
        world.suspends("go-live")
    assert "that is void" in world.texts[-1]
    world.says = [SHIP]
    world.hold("go-live")
    assert [each["plan_digest"] for each in world.bodies("freeze.overridden")] == ["aa", "aa"]


def test_a_plan_that_is_made_while_it_is_asked(world: World) -> None:
    """The answer is of what was shown, and of no other plan."""
    world.rules = FROZEN
    world.plan("aa")
    world.suspends()
    world.plan("bb")
    world.says = [SHIP]
    world.suspends()
    assert "what would be released has changed since" in world.bodies("hold.answered")[0]["said"]
    assert world.bodies("freeze.overridden") == []


def test_an_override_opens_no_window(world: World) -> None:
    """What else is in the way still is."""
    world.rules = FROZEN.model_copy(update={"windows": CLOSED.windows})
    world.suspends()
    world.says = [SHIP]
    world.suspends()
    assert [[each["kind"] for each in body["reasons"]] for body in world.bodies("release.held")] == [
        ["freeze", "window"],
        ["window"],
    ]


@pytest.mark.parametrize(
    "rules", [FROZEN, CLOSED, STOPPED, Rules()], ids=["freeze", "window", "line", "none"]
)
def test_rules_that_can_be_read_let_people_be_asked(world: World, rules: Rules) -> None:
    """Only what cannot be read holds a release before its approvals."""
    world.rules = rules
    hold_while_unread(world.run, "go-live")
    assert world.waited == []
    world.rules = rules.model_copy(update={"unread": (Unread(said="x.ics cannot be read", owner="bob"),)})
    with pytest.raises(Waits):
        hold_while_unread(world.run, "go-live")
