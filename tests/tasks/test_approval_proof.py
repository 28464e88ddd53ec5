"""Nothing that people did not agree to goes live: whatever changes, and whoever answers in whatever way."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sendoff.artifact.manifest import Artifact
from sendoff.gates.subject import PARTS
from sendoff.plan.models import Plan
from sendoff.signers import STAMP
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval, Environment, ReleaseFile
from tasks import subject as subject_module

Gated = Any  # the classes stand in conftest.py, which tests do not import
Make = Callable[..., Gated]
OTHER = "another than before"


def of_artifact(gated: Gated, field: str) -> None:
    gated.planner.artifact = gated.planner.artifact.model_copy(update={field: OTHER})


def of_plan(gated: Gated, field: str) -> None:
    gated.planner.changes = {field: OTHER}


def of_intent(gated: Gated, field: str) -> None:
    gated.run.why = gated.run.why.model_copy(update={field: OTHER})


def of_file(gated: Gated, field: str) -> None:
    gated.run.file = gated.run.file.model_copy(update={field: OTHER})


def of_environment(gated: Gated, field: str) -> None:
    """Change another environment, as this one is where the gates are read."""
    one = gated.run.file.environments[0]
    other = one.model_copy(update={"name": "staging", field: OTHER})
    gated.run.file = gated.run.file.model_copy(update={"environments": (one, other)})


def of_gate(gated: Gated, field: str) -> None:
    """Change the gate that is asked; what it is then still lets the same people answer."""
    environment = gated.run.file.environments[0]
    gate = environment.gates[0]
    values = {"approvers": (*gate.approvers, "eve"), "count": gate.count, "requester_may_approve": True}
    other = values.get(field, {"approvals": (), "kind": "approval"}.get(field, 1000.0))
    changed_gate = gate.model_copy(update={field: other})
    gates = (changed_gate, *environment.gates[1:])
    gated.run.file = gated.run.file.model_copy(
        update={"environments": (environment.model_copy(update={"gates": gates}),)}
    )


Change = Callable[[Any, str], None]
# Those without which nobody could be asked at all: the run has no gate or no place then.
NEEDED = {"environments"}


def changes() -> Iterator[tuple[str, Change, str]]:
    """Give each field of all that people agree to: the part that it is of, how it is changed, its name."""
    yield from (("artifact", of_artifact, field) for field in Artifact.model_fields)
    yield from (("plan", of_plan, field) for field in Plan.model_fields)
    yield from (("intent", of_intent, field) for field in Intent.model_fields if field != "requested_by")
    yield from (("configuration", of_file, field) for field in set(ReleaseFile.model_fields) - NEEDED)
    yield from (("configuration", of_environment, field) for field in Environment.model_fields)
    fixed = {"kind", "name", "approvals", "count", "escalate_to"}
    yield from (("configuration", of_gate, field) for field in set(Approval.model_fields) - fixed)


CHANGES = sorted(changes(), key=lambda each: (each[0], each[1].__name__, each[2]))
NAMES = [f"{change.__name__}-{field}" for _, change, field in CHANGES]


@pytest.fixture(autouse=True)
def _odd_values() -> Iterator[None]:
    """What is put in is another value, and not always one that would be let in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def fell(run: Gated, part: str) -> None:
    """See that the change is in the ledger, by the part of which it is."""
    parts = {words for body in run.bodies("approval.void") for words in body["changed"]}
    assert PARTS[part] in parts
    refused = [body for body in run.bodies("approval.answered") if not body["counted"]]
    assert all("which has changed since" in body["said"] and PARTS[part] in body["said"] for body in refused)


@pytest.mark.parametrize(("part", "change", "field"), CHANGES, ids=NAMES)
def test_what_changes_before_the_answer_makes_it_void(
    gated: Make, part: str, change: Change, field: str
) -> None:
    """The answer is of what was shown, and that is not so any more: it is asked again."""
    run = gated({"approvers": ["sam", "priya"]})
    answer = run.after(lambda: change(run, field), run.says("sam"))
    assert run.agree(answer, run.says("sam")) is not None
    assert run.counted() == [("sam", False), ("sam", True)]
    fell(run, part)
    assert len(set(run.codes)) == 2


@pytest.mark.parametrize(("part", "change", "field"), CHANGES, ids=NAMES)
def test_what_changes_after_the_answer_makes_it_void(
    gated: Make, part: str, change: Change, field: str
) -> None:
    """One of two has agreed: when it changes before the other does, both are asked again."""
    run = gated({"approvers": ["sam", "priya"], "count": 2})
    change_then = run.after(lambda: change(run, field), run.says("priya"))
    assert run.agree(run.says("sam"), change_then, run.says("sam"), run.says("priya")) is not None
    assert run.counted() == [("sam", True), ("priya", False), ("sam", True), ("priya", True)]
    fell(run, part)
    assert "sam" in run.bodies("approval.void")[0]["approvers"]


@pytest.mark.parametrize(("part", "change", "field"), CHANGES, ids=NAMES)
def test_what_changes_once_all_have_agreed_makes_it_void(
    gated: Make, part: str, change: Change, field: str
) -> None:
    """All had agreed, and the release was held before it went live: what it held is asked again."""
    run = gated({"approvers": ["sam"]})
    assert run.agree(run.says("sam")) is not None
    change(run, field)
    assert run.agree(run.says("sam")) is not None
    assert run.counted() == [("sam", True), ("sam", True)]
    (void,) = run.bodies("approval.void")
    assert (void["approvers"], PARTS[part] in void["changed"]) == (["sam"], True)


def test_the_requester_is_part_of_the_intent(gated: Make) -> None:
    """Who asks cannot be exchanged after people agreed."""
    run = gated({"approvers": ["sam"]})
    answer = run.after(lambda: of_intent(run, "requested_by"), run.says("sam"))
    assert run.agree(answer, run.says("sam")) is not None
    fell(run, "intent")


def test_other_times_make_it_void(gated: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it may be released is a part of what people agree to."""
    run = gated({"approvers": ["sam"]})

    def change() -> None:
        monkeypatch.setattr(subject_module, "window_digest", lambda run: OTHER)

    assert run.agree(run.after(change, run.says("sam")), run.says("sam")) is not None
    fell(run, "window")
    assert run.bodies("approval.void")[0]["changed"] == [PARTS["window"]]


def test_what_has_fallen_does_not_rise_again(gated: Make) -> None:
    """It changes, and changes back: people are asked for all of it once more."""
    run = gated({"approvers": ["sam", "priya"], "count": 2})
    before = run.planner.live

    def become(live: str) -> Callable[[], None]:
        return lambda: setattr(run.planner, "live", live)

    steps = [
        run.says("sam"),
        run.after(become("9-000000000000"), run.says("priya")),
        run.after(become(before), run.says("priya")),
        run.says("priya"),
    ]
    run.waits(*steps)
    assert run.counted() == [("sam", True), ("priya", False), ("priya", False), ("priya", True)]


def forged(run: Gated) -> Any:
    return run.signs("sam", "product", key=Ed25519PrivateKey.generate())


def unsigned(run: Gated) -> Any:
    return lambda question: {"decision": "approve"}


def of_another_run(run: Gated) -> Any:
    return run.signs("sam", "product", run="run-2")


def of_another_gate(run: Gated) -> Any:
    return run.signs("sam", "product", question="approval-gate-2-1")


def of_an_earlier_question(run: Gated) -> Any:
    return run.signs("sam", "product", question="approval-gate-1-0")


def of_a_later_question(run: Gated) -> Any:
    return run.signs("sam", "product", question="approval-gate-1-2")


def of_another_deed(run: Gated) -> Any:
    return run.signs("sam", "product", deed="start")


def with_another_decision(run: Gated) -> Any:
    def change(question: str) -> dict[str, Any]:
        said = run.signs("sam", "product", decision="reject", said={"comment": "no"})(question)
        return {**said, "decision": "approve"}

    return change


def with_another_code(run: Gated) -> Any:
    def change(question: str) -> dict[str, Any]:
        return {**run.signs("sam", "product")(question), "code": "0badc0de"}

    return change


def with_a_name(run: Gated) -> Any:
    return lambda question: {**run.signs("sam", "product")(question), "approver": "priya"}


def cut_short(run: Gated) -> Any:
    def cut(question: str) -> dict[str, Any]:
        said = dict(run.signs("sam", "product")(question))
        return {**said, STAMP: said[STAMP][:-3]}

    return cut


FORGERIES = (
    forged,
    unsigned,
    of_another_run,
    of_another_gate,
    of_an_earlier_question,
    of_a_later_question,
    of_another_deed,
    with_another_decision,
    with_another_code,
    with_a_name,
    cut_short,
)


@pytest.mark.parametrize("forgery", FORGERIES, ids=[each.__name__ for each in FORGERIES])
def test_what_is_not_proved_is_refused_and_recorded(gated: Make, forgery: Callable[[Gated], Any]) -> None:
    """Forged, replayed, crossed over, out of order: it opens nothing, is in the ledger, and asked again."""
    run = gated({"approvals": [{"group": "product"}]}, signed=True)
    assert run.agree(forgery(run), run.signs("priya", "product")) is not None
    (refused,) = run.bodies("stamp.refused")
    assert (refused["deed"], refused["question"]) == ("answer", "approval-gate-1-1")
    assert refused["said"]
    assert run.counted() == [("priya", True)]


def test_an_answer_is_not_taken_twice(gated: Make) -> None:
    """What one person said at the first question, stamp and all, is no answer to the second one."""
    run = gated({"approvals": [{"group": "ops", "count": 2}]}, signed=True)
    kept: list[Any] = []

    def keep(question: str) -> Any:
        kept.append(run.signs("sam", "ops")(question))
        return kept[-1]

    run.waits(keep, lambda question: kept[0])
    (refused,) = run.bodies("stamp.refused")
    assert "another question: 'approval-gate-1-1', expected 'approval-gate-1-2'" in refused["said"]
    assert run.counted() == [("sam", True)]


def test_an_answer_at_one_gate_is_none_at_another(gated: Make) -> None:
    """Nor one that was given in another environment, whose release is another run."""
    run = gated({"approvals": [{"group": "ops"}]}, {"approvals": [{"group": "ops"}]}, signed=True)
    kept: list[Any] = []

    def keep(question: str) -> Any:
        kept.append(run.signs("sam", "ops")(question))
        return kept[-1]

    run.waits(keep, lambda question: kept[0])
    assert [body["question"] for body in run.bodies("stamp.refused")] == ["approval-gate-2-1"]


def test_groups_that_are_typed_prove_nothing_where_people_sign_in(gated: Make) -> None:
    """Only those of the stamp count."""
    run = gated({"approvals": [{"group": "product"}]}, signed=True)
    run.waits(run.signs("sam", "qa", said={"comment": "I am of product"}))
    assert run.counted() == [("sam", False)]


def test_an_old_page_says_so_by_its_code(gated: Make) -> None:
    """A page that was open since before the change sends the code that it showed."""
    run = gated({"approvers": ["sam"]})

    def change() -> None:
        run.planner.live = "9-000000000000"

    def old_page(question: str) -> dict[str, Any]:
        return {"decision": "approve", "approver": "sam", "code": run.codes[0]}

    run.waits(run.after(change, run.passes(minutes=1)), old_page)
    (answered,) = run.bodies("approval.answered")
    assert (answered["counted"], answered["code"]) == (False, run.codes[0])
    assert answered["said"].startswith(
        f"'sam' answered for the code {run.codes[0]!r}, expected {run.codes[1]!r}"
    )


def test_who_answers_before_they_are_asked_is_not_heard(gated: Make) -> None:
    """An answer that was put there beforehand was of nothing that anybody had seen."""
    run = gated({"approvers": ["sam"]})
    run.pending = run.says("sam")("")
    run.waits()
    (answered,) = run.bodies("approval.answered")
    assert answered["said"].startswith("'sam' answered what was not asked yet")


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "said",
    [{}, {"decision": "maybe"}, {"decision": "approve", "approver": "eve"}, {"decision": ["approve"]}],
    ids=["nothing", "undecided", "stranger", "list"],
)
def test_what_does_not_fit_the_form_is_refused(gated: Make, signed: bool, said: dict[str, Any]) -> None:
    """Prefect's server refuses it; who gets it past that has answered nothing, and fails nothing."""
    run = gated({"approvers": ["sam"]}, signed=signed)
    run.waits(lambda question: said)
    (refused,) = run.bodies("stamp.refused")
    assert refused["said"]
    assert run.bodies("approval.answered") == []


@pytest.mark.parametrize(("first", "second"), list(product(("sam", "priya", "alex"), repeat=2)))
def test_order_does_not_matter(gated: Make, first: str, second: str) -> None:
    """Two different people of two groups open it in any order; one of them twice does not."""
    groups = {"sam": ("product", "ops"), "priya": ("product",), "alex": ("ops",)}
    run = gated({"approvals": [{"group": "product"}, {"group": "ops"}]}, signed=True)
    steps = [run.signs(who, *groups[who]) for who in (first, second)]
    if first == second:
        run.waits(*steps)
    else:
        assert run.agree(*steps) is not None
