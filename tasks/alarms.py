"""What time brings about at a gate: people are reminded, others are asked, and in the end it expires."""

from __future__ import annotations

from sendoff.gates import Verdict
from sendoff.gates.times import Alarm, alarms, due, who_may_answer
from sendoff.ledger.models import Kind
from sendoff.report.words import duration, moment
from sendoff.spec.models import Approval
from tasks.answers import history_of
from tasks.run import Run

KINDS: dict[Alarm, Kind] = {
    "remind": "approval.reminded",
    "escalate": "approval.escalated",
    "expire": "approval.expired",
}


def sound_alarms(run: Run, gate: Approval, verdict: Verdict) -> bool:
    """Record what is due at a gate that waits for people; False when its time is up."""
    now = run.now()
    wait = history_of(run, gate).wait(now)
    found, who = due(gate, wait, now), who_may_answer(gate, verdict, wait)
    for alarm in found:
        waited = duration((now - wait.since).total_seconds())
        said = {
            "remind": f"{gate.name!r} waits for {waited}; {who} may still answer",
            "escalate": f"{gate.name!r} waits for {waited}; {gate.escalate_to} may answer as well now",
            "expire": f"nobody else has answered at {gate.name!r} since {moment(wait.since)}",
        }[alarm]
        ends = alarms(gate, wait).get("expire")
        body = {"gate": gate.name, "from": who, "to": gate.escalate_to, "until": ends, "said": said}
        run.record(KINDS[alarm], body, actor="nobody")
        run.say(said)
    return "expire" not in found
