"""Whose stamp is on a deed; each counts once, and what is refused is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sendoff.ledger import Ledger
from sendoff.server.keys import PUBLIC, key_pair
from sendoff.signers import CANCEL_LABEL, STAMP, START_LABEL, Signer, Stamp, StampRefused, content, seal
from tasks.asking import Given
from tasks.deeds import canceller, starter
from tasks.stamps import STAMPS, signer

SAID = {"decision": "approve", "comment": "go"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def key(tmp_path: Path) -> Ed25519PrivateKey:
    return key_pair(tmp_path / "server")


@pytest.fixture
def settings(tmp_path: Path, key: Ed25519PrivateKey) -> Any:
    return SimpleNamespace(signed_by=tmp_path / "server" / PUBLIC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


def stamped(key: Ed25519PrivateKey, said: dict[str, Any] = SAID, **changes: Any) -> dict[str, Any]:
    fields = {"person": "ada", "groups": ("ops",), "deed": "answer", "run": "r1", "question": "q1"}
    more = {"content": content(said), "at": NOW, "nonce": "n1"}
    return {**said, STAMP: seal(Stamp.model_validate({**fields, **more, **changes}), key)}


def answerer(ledger: Ledger, settings: Any, said: Any, run: str = "r1", question: str = "q1") -> Signer:
    return signer(ledger, settings, "answer", run, said, question)


def refusals(ledger: Ledger, run: str = "r1") -> list[str]:
    return [event.body["said"] for event in ledger.events(run, ("stamp.refused",))]


def test_a_stamp_counts(ledger: Ledger, settings: Any, key: Ed25519PrivateKey) -> None:
    """It names the person, and is used up; the process that goes on with the same answer may use it again."""
    for _ in range(2):
        found = answerer(ledger, settings, stamped(key))
        assert found == Signer(name="ada", groups=("ops",), is_proved=True, nonce="n1", at=found.at)
        assert found.at is not None
    (used,) = ledger.events(STAMPS, ("stamp.used",))
    assert (used.actor, used.body) == ("ada", {"run": "r1", "deed": "answer", "question": "q1"})
    assert refusals(ledger) == []


def test_a_stamp_counts_once(ledger: Ledger, settings: Any, key: Ed25519PrivateKey) -> None:
    """A start that is copied to another run of the same deployment, word for word, is refused."""
    said = stamped(key, deed="start", run="d1", question="")
    signer(ledger, settings, "start", "r1", said, of="d1")
    with pytest.raises(StampRefused, match="was used before, for start of run r1"):
        signer(ledger, settings, "start", "r2", said, of="d1")
    assert len(refusals(ledger, "r2")) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": "r2"}, SAID),
        ({"question": "q2"}, SAID),
        ({"deed": "start"}, SAID),
        ({}, {**SAID, "decision": "reject"}),
        ({}, {**SAID, "comment": "gone"}),
        ({}, {**SAID, "more": "words"}),
    ],
    ids=["run", "question", "deed", "decision", "comment", "more"],
)
def test_a_stamp_of_something_else_is_refused(
    ledger: Ledger, settings: Any, key: Ed25519PrivateKey, changes: dict[str, Any], said: dict[str, Any]
) -> None:
    """Replayed, moved or changed: it does not count, is not used up, and the ledger says so."""
    given = {**said, STAMP: stamped(key, **changes)[STAMP]}
    with pytest.raises(StampRefused, match="is of another"):
        answerer(ledger, settings, given)
    assert len(refusals(ledger)) == 1
    assert ledger.events(STAMPS) == ()


@pytest.mark.parametrize("text", ["", "forged", "Zm9yZ2Vk.Zm9yZ2Vk", None, 7])
def test_a_forged_stamp_is_refused(ledger: Ledger, settings: Any, text: Any) -> None:
    """Also none at all."""
    with pytest.raises(StampRefused):
        answerer(ledger, settings, {**SAID, STAMP: text})
    assert len(refusals(ledger)) == 1


def test_a_stamp_of_another_key_is_refused(ledger: Ledger, settings: Any, tmp_path: Path) -> None:
    """Only this server's key counts."""
    with pytest.raises(StampRefused, match="forged"):
        answerer(ledger, settings, stamped(key_pair(tmp_path / "other")))


def test_an_answer_knows_who_gave_it(ledger: Ledger, settings: Any, key: Ed25519PrivateKey) -> None:
    """By its stamp where people sign in, else by what was typed."""
    run: Any = SimpleNamespace(id="r1", ledger=ledger, settings=settings)
    assert Given({}, stamped(key), "q1").by(run, "the queen").name == "ada"
    run.settings = SimpleNamespace(signed_by=None)
    assert Given({}, SAID, "q1").by(run, "sam") == Signer(name="sam")


def flow_run(**changes: Any) -> Any:
    known = {
        "id": "r1",
        "deployment_id": "d1",
        "parameters": {"what": 1},
        "labels": {},
        "auto_scheduled": False,
    }
    return SimpleNamespace(**(known | changes))


def test_who_started(ledger: Ledger, settings: Any, key: Ed25519PrivateKey) -> None:
    """The person of the stamp; whatever else was said of it does not count."""
    stamp = stamped(key, {"what": 1}, deed="start", run="d1", question="")[STAMP]
    run = flow_run(labels={START_LABEL: stamp})
    assert starter(run, "the queen", ledger, settings).name == "ada"
    for changed in (
        flow_run(id="r2", labels={START_LABEL: stamp}),
        flow_run(labels={START_LABEL: stamp}, parameters={"what": 2}),
        flow_run(labels={START_LABEL: stamp}, deployment_id="d2"),
        flow_run(),
        flow_run(deployment_id=None),
    ):
        with pytest.raises(StampRefused):
            starter(changed, "ada", ledger, settings)


def test_a_schedule_of_a_release_file_starts_by_itself(ledger: Ledger, settings: Any) -> None:
    """Whoever is written in its parameters."""
    found = starter(flow_run(auto_scheduled=True), "ada", ledger, settings, {"what": 1})
    assert (found.name, found.is_proved) == ("the schedule", True)
    assert refusals(ledger) == []


@pytest.mark.parametrize(
    ("nightly", "said"),
    [(None, "expected a person"), ({"what": 2}, "other parameters"), ({}, "other parameters")],
    ids=["another flow", "other parameters", "more parameters"],
)
def test_a_schedule_starts_nothing_else(ledger: Ledger, settings: Any, nightly: Any, said: str) -> None:
    """Admins make schedules of what they like: a run of one is nobody's, and the ledger says so."""
    for _ in range(2):
        with pytest.raises(StampRefused, match=said):
            starter(flow_run(auto_scheduled=True), "the schedule", ledger, settings, nightly)
    (refused,) = refusals(ledger)
    assert said in refused


def test_without_sign_in_it_is_who_they_say(ledger: Ledger) -> None:
    """And nobody proved it."""
    found = starter(flow_run(), "ada", ledger, settings_of_a_laptop())
    assert (found.name, found.is_proved) == ("ada", False)


def test_who_cancelled(ledger: Ledger, settings: Any, key: Ed25519PrivateKey) -> None:
    """The person of the stamp, else somebody; on a laptop whoever is at it."""
    stamp = stamped(key, {}, deed="cancel", question="")[STAMP]
    assert canceller(flow_run(labels={CANCEL_LABEL: stamp}), ledger, settings).name == "ada"
    assert canceller(flow_run(labels={CANCEL_LABEL: "forged"}), ledger, settings).name == "somebody"
    assert canceller(flow_run(), ledger, settings).name == "somebody"
    assert (
        canceller(flow_run(labels={CANCEL_LABEL: stamp}), ledger, settings_of_a_laptop()).name == "somebody"
    )
    assert canceller(flow_run(deployment_id=None), ledger, settings).name.startswith("local:")


def settings_of_a_laptop() -> Any:
    return SimpleNamespace(signed_by=None)
