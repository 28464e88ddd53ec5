"""What people are asked where something broke, and what they answered, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Literal

from pydantic import Field, create_model

from sendoff.report.question import question
from sendoff.report.words import listing, refused
from sendoff.signers import STAMP, Signer, StampRefused
from sendoff.trouble import Reply, Trouble, Verdict, judge
from tasks.asking import Form, Given, StampedForm, answer_to, kind_of_form
from tasks.deadline import answer_at
from tasks.left_out import left_out
from tasks.run import Run
from tasks.when import why_it_waits


def newest(run: Run, place: str | None = None) -> Trouble | None:
    """Find the newest question of a place, or of all."""
    asked = reversed(run.ledger.events(run.id, ("trouble.asked",)))
    bodies = (event.body for event in asked if place in (None, event.body["place"]))
    return next(map(_trouble, bodies), None)


def unsettled(run: Run, place: str | None = None) -> Trouble | None:
    """Find the newest question of a place, or of all, unless it was answered and that was carried out."""
    trouble = newest(run, place)
    if trouble is None:
        return None
    decisions = [body["decision"] for body in _replies(run, trouble) if body["counted"]]
    gone = {host for _, host in left_out(run)}
    is_done = decisions == ["retry"] or (decisions == ["leave out"] and gone.issuperset(trouble.hosts))
    return None if is_done else trouble


def form(trouble: Trouble, answerers: tuple[str, ...], text: str, base: type[Form] = Form) -> type[Form]:
    """Make the form: what is to be done, without a default, and why; who says so, unless people sign in."""
    decision: Any = Literal[trouble.possible]
    who = f"Who you are: {listing(answerers, last='or')}" if answerers else "Who you are"
    fields: dict[str, Any] = {
        "decision": (
            decision,
            Field(title="Decision", description="What is to be done? There is no default"),
        ),
        "who": (str, Field(title="Who", description=who)),
        "comment": (str, Field("", title="Comment", description="Why, for those who read the report")),
    }
    if issubclass(base, StampedForm):
        del fields["who"]
    return create_model("Trouble", __base__=base, **fields).with_initial_data(description=text)


def ask(run: Run, trouble: Trouble) -> Trouble:
    """Write a question down; the same one of a run that was cut short is given back as it was then."""
    body = {**trouble.model_dump(mode="json"), "said": trouble.summary}
    return _trouble(run.record("trouble.asked", body, key=f"asked-{_key(trouble)}").body)


def reply_to(run: Run, trouble: Trouble) -> Reply:
    """Give the answer that counts; ask until there is one, unless the release file says not to."""
    settings, note = run.environment.on_trouble, ""
    if not settings.ask:
        return Reply(decision=trouble.otherwise, who="", at=run.now())
    while True:
        given = _replies(run, trouble)
        if given and given[-1]["counted"]:
            return Reply.model_validate({name: given[-1][name] for name in Reply.model_fields})
        note = refused(given[-1]["who"], given[-1]["said"]) if given else ""
        key = f"{_key(trouble)}-{len(given) + 1}"
        timer = partial(answer_at, run, decision=trouble.otherwise, until=trouble.until)
        title = f"{run.place.application} {run.version} to {run.place.environment}"
        text = question(trouble, title, run.why, note)
        made = form(trouble, settings.answerers, text, kind_of_form(run))
        given_now = answer_to(made, key, timer, why_it_waits(run))
        if given_now is None:
            continue
        at = run.now()
        who, verdict = _weighed(run, trouble, given_now, at)
        body = {
            **{name: given_now.fields.get(name, "") for name in ("decision", "comment")},
            "who": who.name,
            "at": at.isoformat(),
            **{name: getattr(trouble, name) for name in ("place", "number")},
            "proved": who.is_proved,
            "counted": verdict.counted,
            "broke": trouble.headline,
            "said": verdict.said,
        }
        run.record("trouble.answered", body, key=key, actor=who.name.strip() or "nobody")
        run.say(f"{trouble.headline}: {verdict.said}")


def _weighed(run: Run, trouble: Trouble, given: Given, at: datetime) -> tuple[Signer, Verdict]:
    """Tell who answered, and whether it counts. Where people sign in, only the clock has no stamp."""
    fields = given.fields
    if not fields:
        return Signer(name=""), Verdict(counted=False, said="it did not fit the form; fill the form in")
    is_default = fields["decision"] == trouble.otherwise and at >= trouble.until
    if run.settings.signed_by is not None and is_default and not given.said.get(STAMP):
        who = Signer(name="")
    else:
        try:
            who = given.by(run, fields.get("who", ""))
        except StampRefused as error:
            return Signer(name=error.who), Verdict(counted=False, said=str(error))
    said = {name: fields[name] for name in ("decision", "comment")}
    reply = Reply.model_validate({**said, "who": who.name, "at": at})
    return who, judge(trouble, run.environment.on_trouble.answerers, reply)


def _replies(run: Run, trouble: Trouble) -> list[dict[str, Any]]:
    events = run.ledger.events(run.id, ("trouble.answered",))
    here = (trouble.place, trouble.number)
    return [event.body for event in events if (event.body["place"], event.body["number"]) == here]


def _trouble(body: Mapping[str, Any]) -> Trouble:
    """Read it as it was written down."""
    return Trouble.model_validate({name: body[name] for name in Trouble.model_fields})


def _key(trouble: Trouble) -> str:
    return f"trouble-{trouble.place.replace('/', '-')}-{trouble.number}"
