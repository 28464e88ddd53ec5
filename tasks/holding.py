"""What people are asked where a freeze holds a release, and what they answered, from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field, create_model

from sendoff.ledger.models import Event
from sendoff.report.hold import question
from sendoff.report.words import listing
from sendoff.signers import Signer, StampRefused
from sendoff.timing.override import Answer, Shown, Verdict, judge
from sendoff.timing.rules import Reason
from tasks.approval_form import ABOUT_CODE
from tasks.asking import Form, Given, answer_to, kind_of_form
from tasks.run import Run

Done = Callable[[str], None]


def answers(run: Run) -> list[Event]:
    """Read what was answered so far."""
    return list(run.ledger.events(run.id, ("hold.answered",)))


def ask(run: Run, place: str, freezes: Sequence[Reason], why: str, before: Done, after: Done) -> None:
    """Wait for the clock, or for the owner of a freeze; comes back when it is to be looked at again."""
    key = f"hold-{place.replace('/', '-')}-{len(answers(run)) + 1}"
    shown = Shown(freezes=tuple(each.freeze for each in freezes), plan=_plan(run))

    def write_down(asked: str) -> None:
        _write_down(run, place, asked, shown)
        before(asked)

    title = f"{run.place.application} {run.version} to {run.place.environment}"
    known = run.ledger.events(run.id, ("hold.answered", "freeze.overridden"))
    text = question(run.why, title, place, why, freezes, known, shown.code)
    given = answer_to(form(run, freezes, shown.code, text), key, write_down, why, after)
    if given is None:
        return
    signer, verdict = _weighed(run, given, freezes, shown.plan)
    body = {
        "place": place,
        "question": given.question,
        "code": _code(given),
        "plan_digest": shown.plan,
        "decision": given.fields.get("decision"),
        "who": signer.name,
        "comment": given.fields.get("comment", ""),
        "proved": signer.is_proved,
        "counted": verdict.counted,
        "said": verdict.said,
    }
    for freeze in freezes:
        if freeze.freeze in verdict.overridden:
            until = freeze.until.isoformat() if freeze.until else None
            more = {"freeze": freeze.freeze, "title": freeze.said, "owner": freeze.owner, "until": until}
            name = f"overridden/{freeze.freeze}/{given.question}"
            run.record("freeze.overridden", {**body, **more}, key=name, actor=signer.name)
    run.record("hold.answered", body, key=key, actor=signer.name.strip() or "nobody")
    run.say(verdict.said)


def _plan(run: Run) -> str:
    """Name the plan as it is now, by its digest."""
    planned = run.ledger.last(run.id, ("release.planned",))
    return str(planned.body["plan_digest"]) if planned else ""


def _write_down(run: Run, place: str, asked: str, shown: Shown) -> None:
    """Record what people are shown, before they are."""
    body = {
        "place": place,
        "question": asked,
        "freezes": list(shown.freezes),
        "plan_digest": shown.plan,
        "code": shown.code,
    }
    run.record("hold.asked", body, key=f"asked-{asked}-{shown.code}")


def _shown(run: Run, asked: str) -> Shown | None:
    """Find what a question was of; None when it was never asked."""
    found = [
        each.body for each in run.ledger.events(run.id, ("hold.asked",)) if each.body["question"] == asked
    ]
    return Shown(freezes=tuple(found[-1]["freezes"]), plan=found[-1]["plan_digest"]) if found else None


def form(run: Run, freezes: Sequence[Reason], code: str, text: str) -> type[Form]:
    """Make the form: wait or ship anyway, without a default, and why; who says so where nobody signs in."""
    owners = listing(dict.fromkeys(each.owner for each in freezes), last="or")
    who: dict[str, Any] = {"who": (str, Field(title="Who", description=f"Who you are: {owners}"))}
    make: Any = create_model  # the plugin knows no base that is chosen at run time
    made: type[Form] = make(
        "Hold",
        __base__=kind_of_form(run),
        decision=(
            Literal["wait", "ship anyway"],
            Field(title="Decision", description="Wait, or ship in spite of the freeze? There is no default"),
        ),
        **(who if run.settings.signed_by is None else {}),
        comment=(
            str,
            Field("", title="Comment", description="Why it cannot wait; an override needs a reason"),
        ),
        code=(str, Field(code, title="Code", description=ABOUT_CODE)),
    )
    return made.with_initial_data(description=text)


def _code(given: Given) -> str:
    """Read the code that was sent back; what a form of now would put in its place is of no use."""
    return str(given.said.get("code") or "")


def _weighed(run: Run, given: Given, freezes: Sequence[Reason], plan: str) -> tuple[Signer, Verdict]:
    fields = given.fields
    if not fields:
        return Signer(name=""), Verdict(counted=False, said="it did not fit the form; fill the form in")
    try:
        signer = given.by(run, fields.get("who", ""))
    except StampRefused as refused:
        return Signer(name=refused.who), Verdict(counted=False, said=str(refused))
    answer = Answer.model_validate(
        {
            "decision": fields["decision"],
            "who": signer.name,
            "groups": signer.groups,
            "comment": fields["comment"],
            "shown": _shown(run, given.question),
            "code": _code(given),
        }
    )
    return signer, judge(answer, run.why.requested_by, freezes, plan)
