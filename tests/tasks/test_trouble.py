"""What broke is put to people once, and what they said is done, whoever goes on with the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.errors import HostUnreachable, StepErrored, Stopped
from sendoff.ledger import Ledger
from sendoff.server.keys import PUBLIC, key_pair
from sendoff.signers import STAMP, Stamp, content, seal
from sendoff.spec.models import OnTrouble
from tasks import questions as module
from tasks.asking import Given
from tasks.durable import HostKey
from tasks.left_out import left_out
from tasks.questions import unsettled
from tasks.run import Place
from tasks.trouble import Errors, Work, carry_through

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
A, B = ("web", "a"), ("web", "b")


class Killed(BaseException):
    """The process is gone, as Prefect's own signals are no errors."""


class Person:
    """Answers one after the other; the process dies when there is none."""

    def __init__(self) -> None:
        self.says: list[dict[str, str]] = []
        self.asked: list[str] = []

    def will_say(self, decision: str, who: str = "ada") -> None:
        self.says.append({"decision": decision, "who": who, "comment": ""})

    def __call__(self, model: Any, key: str, before: Any, why: str) -> Given:
        self.asked.append(key)
        if not self.says:
            raise Killed
        said = self.says.pop(0)
        return Given(said, said, key)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    asked = Person()
    monkeypatch.setattr(module, "answer_to", asked)
    monkeypatch.setattr(module, "answer_at", lambda *_: None)
    monkeypatch.setattr(module, "why_it_waits", lambda run: "it waits")
    return asked


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    fleet = SimpleNamespace(name="web", max_failures=1)
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as ledger:
        yield SimpleNamespace(
            id="r1",
            settings=SimpleNamespace(signed_by=None),
            version="2",
            place=Place("shop", "production"),
            why=SimpleNamespace(summary="Something new"),
            environment=SimpleNamespace(targets=(fleet,), on_trouble=OnTrouble()),
            ledger=ledger,
            now=lambda: NOW,
            mask=lambda text: text.replace("hunter2", "***"),
            say=lambda text: None,
            placements=lambda: [],
            record=lambda kind, body, key=None, actor="ada": ledger.append("r1", kind, actor, body, key),
        )


class Hosts:
    """Work on hosts, of which some are broken; remembers on which it was tried."""

    def __init__(self, *broken: HostKey) -> None:
        self.broken, self.tried = set(broken), list[list[HostKey]]()
        self.let_go: list[HostKey] = []
        self.is_undone = False

    def attempt(self, hosts: list[HostKey]) -> Errors:
        self.tried.append(list(hosts))
        return {key: HostUnreachable(f"{key[1]}: hunter2 broke") for key in hosts if key in self.broken}

    def work(self, place: str = "deploy") -> Work:
        def undo() -> None:
            self.is_undone = True

        return Work(place, [A, B], self.attempt, of=2, let_go=self.let_go.extend, undo=undo)


def test_nobody_is_asked_when_nothing_breaks(run: Any, person: Person) -> None:
    """Work that is done is done."""
    hosts = Hosts()
    carry_through(run, hosts.work())
    assert (hosts.tried, person.asked) == ([[A, B]], [])


def test_retry_tries_what_broke(run: Any, person: Person) -> None:
    """Only the hosts on which it broke are tried again, and people are asked again when it breaks again."""
    hosts = Hosts(B)
    person.will_say("retry")
    with pytest.raises(Killed):
        carry_through(run, hosts.work())
    assert hosts.tried == [[A, B], [B]]
    assert person.asked == ["trouble-deploy-1-1", "trouble-deploy-2-1"]


def test_leave_out_goes_on_without_the_host(run: Any, person: Person) -> None:
    """The host is let go and written down, and is not tried any more."""
    hosts = Hosts(B)
    person.will_say("leave out")
    carry_through(run, hosts.work())
    assert hosts.let_go == [B]
    assert left_out(run)[B]["by"] == "ada"
    carry_through(run, hosts.work("check-dark"))
    assert hosts.tried == [[A, B], [A]]


@pytest.mark.parametrize(
    ("decision", "kind", "undone"), [("undo", StepErrored, True), ("stop here", Stopped, False)]
)
def test_given_up(run: Any, person: Person, decision: str, kind: type[Exception], undone: bool) -> None:
    """Undo undoes, stop leaves it as it is; both say what broke, who said so, and no secret."""
    hosts = Hosts(B)
    person.will_say(decision)
    with pytest.raises(StepErrored, match=f"ada answered '{decision}'") as given_up:
        carry_through(run, hosts.work("go-live/1"))
    assert type(given_up.value) is kind
    assert str(given_up.value).endswith(":\nb: *** broke")
    assert hosts.is_undone is undone


def test_an_answer_that_does_not_count_is_asked_for_again(run: Any, person: Person) -> None:
    """The reason is in the ledger, and the next question has a key of its own."""
    person.will_say("retry", who=" ")
    person.will_say("retry")
    hosts = Hosts(B)
    with pytest.raises(Killed):
        carry_through(run, hosts.work())
    assert person.asked[:2] == ["trouble-deploy-1-1", "trouble-deploy-1-2"]
    said = [event.body["counted"] for event in run.ledger.events("r1", ("trouble.answered",))]
    assert said == [False, True]


@pytest.mark.parametrize("decision", ["undo", "stop here"])
def test_what_was_answered_holds_though_it_would_work_now(run: Any, person: Person, decision: str) -> None:
    """Another process that finds the host well again does what was said, and asks nobody again."""
    with pytest.raises(Killed):
        carry_through(run, Hosts(B).work("go-live/1"))
    well = Hosts()
    person.will_say(decision)
    for _ in range(2):  # the first is killed right after it wrote the answer down
        with pytest.raises(StepErrored):
            carry_through(run, well.work("go-live/1"))
    assert well.tried == []
    assert person.asked == ["trouble-go-live-1-1-1"] * 2


def test_another_process_asks_the_same_question(run: Any, person: Person) -> None:
    """It is not tried before there is an answer; after it, all of it is looked at again."""
    with pytest.raises(Killed):
        carry_through(run, Hosts(B).work())
    person.will_say("retry")
    well = Hosts()
    carry_through(run, well.work())
    assert (well.tried, unsettled(run)) == ([[A, B]], None)
    assert person.asked == ["trouble-deploy-1-1"] * 2


def test_leaving_out_is_finished_by_another_process(run: Any, person: Person) -> None:
    """Killed between the answer and the note, the host is still left out."""
    with pytest.raises(Killed):
        carry_through(run, Hosts(B).work())
    body = {"place": "deploy", "number": 1, "decision": "leave out", "who": "ada", "comment": ""}
    more = {"at": NOW.isoformat(), "counted": True, "said": "", "broke": "", "proved": False}
    run.record("trouble.answered", body | more)
    hosts = Hosts(B)
    carry_through(run, hosts.work())
    assert (hosts.let_go, hosts.tried) == ([B], [[A]])


def test_nobody_is_asked_when_the_release_file_says_so(run: Any, person: Person) -> None:
    """The default is done at once; two hosts are more than may fail, so it is undone."""
    run.environment.on_trouble = OnTrouble(ask=False)
    hosts = Hosts(A, B)
    with pytest.raises(StepErrored):
        carry_through(run, hosts.work("go-live/1"))
    assert (hosts.is_undone, person.asked) == (True, [])
    one = Hosts(B)
    carry_through(run, one.work("go-live/1"))
    assert left_out(run)[B]["by"] == "the release file"


def test_only_a_stamp_says_who_answered(run: Any, person: Person, tmp_path: Path) -> None:
    """Where people sign in, no stamp is nobody's answer and a forged one is refused; both ask again."""
    key = key_pair(tmp_path)
    run.settings = SimpleNamespace(signed_by=tmp_path / PUBLIC)
    said = {"decision": "retry", "comment": ""}
    stamp = Stamp(
        person="rob",
        deed="answer",
        run="r1",
        question="trouble-deploy-1-3",
        content=content(said),
        at=NOW,
        nonce="n1",
    )
    person.says = [{**said, "who": "ada"}, {**said, STAMP: "forged"}, {**said, STAMP: seal(stamp, key)}]
    with pytest.raises(Killed):
        carry_through(run, Hosts(B).work())
    bodies = [event.body for event in run.ledger.events("r1", ("trouble.answered",))]
    told = [(body["who"], body["proved"], body["counted"]) for body in bodies]
    assert told == [("", False, False), ("", False, False), ("rob", True, True)]
    assert "is forged" in bodies[1]["said"]
    assert len(run.ledger.events("r1", ("stamp.refused",))) == 2


@pytest.mark.parametrize(("hours", "counted"), [(1, True), (0, False)], ids=["in time", "too early"])
def test_only_the_clock_has_no_stamp(
    run: Any, person: Person, tmp_path: Path, hours: int, counted: bool
) -> None:
    """Where people sign in, an answer of nobody counts when it is the default and the time is up."""
    key_pair(tmp_path)
    run.settings = SimpleNamespace(signed_by=tmp_path / PUBLIC)
    with pytest.raises(Killed):
        carry_through(run, Hosts(B).work())
    (asked,) = run.ledger.events("r1", ("trouble.asked",))
    person.will_say(asked.body["otherwise"], who="")
    run.now = lambda: NOW + timedelta(hours=hours)
    with nullcontext() if counted else pytest.raises(Killed):
        carry_through(run, Hosts(B).work())
    (answered,) = run.ledger.events("r1", ("trouble.answered",))
    assert answered.body["counted"] is counted
