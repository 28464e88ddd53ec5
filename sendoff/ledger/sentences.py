"""Each event in one sentence, for people who watch. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from sendoff.ledger.models import Event
from sendoff.ledger.progress import scope, title
from sendoff.report.words import count, listing, moment
from sendoff.report.wrongs import first_line

Body = dict[str, Any]

DONE = {
    "build": "build",
    "preflight": "look at the hosts",
    "deploy": "put on {host}",
    "check-dark": "check before traffic on {host}",
    "shift": "shift traffic of {host}",
    "check-canary": "check as a canary on {host}",
    "compare": "compare on {host}",
    "go-live": "go live on {host}",
    "check-live": "check on {host}",
    "undo": "put {host} back",
    "remove": "remove from {host}",
    "prune": "tidy up on {host}",
}
TOLD_OTHERWISE = frozenset(
    {"build", "check-canary", "check-dark", "compare", "go-live", "check-live", "shift", "undo"}
)
UNTOLD = frozenset({"hold.asked", "lease.taken", "lease.given_back", "lease.resumed", "stamp.used"})


def meaningful(events: Iterable[Event]) -> Iterator[tuple[Event, str]]:
    """Give the events worth a line, each with its sentence; nothing is told twice."""
    told: set[str] = set()
    for event in events:
        text = sentence(event)
        if event.kind in UNTOLD or (event.kind == "step.done" and _is_known(event.body, text, told)):
            continue
        told.add(text)
        yield event, text


def _is_known(body: Body, text: str, told: set[str]) -> bool:
    """Tell whether a step says what its checks, the switch or the same step before have said."""
    said = str(body.get("said"))
    if body.get("failed"):
        return text in told or any(line.endswith(f"failed: {part}") for line in told for part in _parts(said))
    idle = body.get("action") == "prune" and not body.get("changed", True)
    return text in told or idle or body.get("action") in TOLD_OTHERWISE


def _parts(said: str) -> tuple[str, ...]:
    """Give a text and the failed checks that it may begin with; they are joined by semicolons."""
    pieces = said.split("; ")
    return tuple("; ".join(pieces[:end]) for end in range(1, len(pieces) + 1))


def sentence(event: Event) -> str:
    """Tell an event; one of a kind that is not known is named."""
    if event.kind == "release.created":
        return f"{title(event)}: started by {event.actor}"
    tell = TOLD.get(event.kind)
    return tell(event.body) if tell else event.kind


def _built(body: Body) -> str:
    artifact = body.get("artifact") or {}
    how = "was built before" if body.get("reused") else "is built"
    return f"{artifact.get('version', 'it')} {how}: {artifact.get('digest', '')[:12]}"


def _answered(body: Body) -> str:
    comment = f": {body['comment']}" if body.get("comment") else ""
    counts = "" if body.get("counted") else f" (does not count: {body.get('said')})"
    groups = f" ({listing(body['groups'])})" if body.get("groups") else ""
    answer = f"{body.get('decision')!r} to {body.get('gate')!r}"
    return f"{body.get('approver')}{groups} answers {answer}{comment}{counts}"


def _asked(body: Body) -> str:
    until = moment(datetime.fromisoformat(body["until"]))
    return f"{body.get('said')}; waits for an answer until {until}, else {body.get('otherwise')!r}"


def _replied(body: Body) -> str:
    counts = "" if body.get("counted") else " (does not count)"
    return f"{body.get('said')}{counts}"


def _for(body: Body) -> str:
    return f"for {scope(body.get('application') or '', body.get('environment') or '')}"


def _left_out(body: Body) -> str:
    serves = f"serves {body['live']}" if body.get("live") else "serves nothing"
    return f"{body.get('host')}: left out by {body.get('by')}, {serves}: {first_line(str(body.get('why')))}"


def _step(body: Body) -> str:
    action = str(body.get("action"))
    words = DONE.get(action, f"{action} {{host}}").format(host=body.get("host") or "").strip()
    said = str(body.get("said"))
    return f"{words} failed: {first_line(said)}" if body.get("failed") else f"{words}: {said}"


def _live(body: Body) -> str:
    host, version = body.get("host"), body.get("version")
    if not version:
        return f"{host}: nothing is live any more"
    return f"{host}: put back, {version} is live again" if body.get("undo") else f"{host}: {version} is live"


def _shifted(body: Body) -> str:
    return f"{body.get('host')}: {body.get('version')} has {body.get('weight')} % of the traffic"


def _compared(body: Body) -> str:
    held = "" if body.get("passed") else " failed"
    return f"comparison on {body.get('host')}{held}: {body.get('said')}"


def _passed(body: Body) -> str:
    return f"{body.get('host')}: step {body.get('step')} of {body.get('of')} of its canary is passed"


def _check(body: Body) -> str:
    said, host = str(body.get("said")), str(body.get("host") or "")
    where = "" if not host or said.startswith(f"{host} ") else f" on {host}"
    failed = "" if body.get("passed") else " failed"
    return f"check {body.get('check')}{where}{failed}: {said}"


def _recovered(body: Body) -> str:
    return f"its process died; it goes on in another, try {body.get('attempt')} of {body.get('of')}"


def _ended(body: Body) -> str:
    return f"{body.get('end')}: {body['said']}" if body.get("said") else str(body.get("end"))


def _not_told(body: Body) -> str:
    tries = count(int(body.get("tries") or 0), "try", "tries")
    return f"{body.get('channel')} could NOT be told: {body.get('subject')}: {body.get('why')} ({tries})"


TOLD: dict[str, Callable[[Body], str]] = {
    "release.built": _built,
    "release.planned": lambda body: f"planned: plan code {str(body.get('plan_digest'))[:8]}",
    "approval.asked": lambda body: f"waits for approval of {body.get('gate')!r}",
    "approval.answered": _answered,
    "approval.void": lambda body: str(body.get("said")),
    "approval.reminded": lambda body: str(body.get("said")),
    "approval.escalated": lambda body: str(body.get("said")),
    "approval.expired": lambda body: str(body.get("said")),
    "trouble.asked": _asked,
    "trouble.answered": _replied,
    "release.held": lambda body: f"held: {body.get('said')}",
    "release.let_go": lambda body: "is not held any more",
    "hold.asked": lambda body: f"asks the owners of {count(len(body.get('freezes') or ()), 'freeze')}",
    "hold.answered": _replied,
    "freeze.overridden": lambda body: str(body.get("said")),
    "line.stopped": lambda body: f"{body.get('who')} stopped the line {_for(body)}: {body.get('reason')}",
    "line.let_go": lambda body: f"{body.get('who')} let the line go {_for(body)}: {body.get('reason')}",
    "step.done": _step,
    "canary.shifted": _shifted,
    "canary.compared": _compared,
    "canary.passed": _passed,
    "host.live": _live,
    "host.left_out": _left_out,
    "check.done": _check,
    "release.undoing": lambda body: f"is put back: {body.get('why')}",
    "release.recovered": _recovered,
    "release.ended": _ended,
    "lease.taken": lambda body: f"holds {body.get('resource')}",
    "lease.given_back": lambda body: f"gave {body.get('resource')} back: {body.get('why')}",
    "lease.resumed": lambda body: f"goes on in another process, under number {body.get('token')}",
    "stamp.used": lambda body: f"the stamp of this {body.get('deed')} is used up",
    "stamp.refused": lambda body: f"a stamp was refused: {body.get('said')}",
    "review.opened": lambda body: f"EMERGENCY: a review is open, as it skipped {listing(body['skipped'])}",
    "review.closed": lambda body: f"its review is closed: {body.get('finding')}",
    "told": lambda body: f"{body.get('channel')} was told: {body.get('subject')}",
    "not_told": _not_told,
    "lease.taken_over": lambda body: f"took {body.get('resource')} over: {body.get('why')}",
}
