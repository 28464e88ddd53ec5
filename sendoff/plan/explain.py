"""Gates, checks and commands in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from sendoff.plan.models import Condition
from sendoff.report.words import count, duration, listing
from sendoff.spec.canary import Canary
from sendoff.spec.models import Approval, Check, CommandCheck, Environment, HttpCheck, InvokeCheck, When

MOMENTS: dict[When, str] = {
    "dark": "before the release gets traffic",
    "canary": "while it has a part of the traffic",
    "live": "after the switch",
}


def canary_words(canary: Canary) -> Iterator[str]:
    """Tell how a release takes over, a line for each step, and what decides."""
    for step in canary.steps:
        yield f"give it {step.weight} % of the traffic, and watch it for {duration(step.soak)}"
    if canary.compare:
        names = listing(each.name for each in canary.compare)
        strict = listing((each.name for each in canary.compare if each.without_data == "undo"), otherwise="")
        unless = f", or if nobody can tell of {strict}" if strict else ""
        yield f"at each step, compare {names} with the release before; undo if it is worse{unless}"


def command_words(commands: Sequence[Sequence[str]]) -> str:
    """Name commands as they would be typed, each in quotes."""
    return listing(repr(shlex.join(command)) for command in commands)


def gate_words(gate: Approval) -> str:
    """Tell who has to agree at a gate, and what happens while they do not."""
    if gate.approvals:
        who = listing(f"{each.count} of {each.group}" for each in gate.approvals)
    elif gate.approvers:
        who = f"{gate.count} of {listing(gate.approvers)}"
    else:
        who = count(gate.count, "person, whoever it is", "people, whoever they are")
    requester = "may" if gate.requester_may_approve else "may not"
    times = "".join(f"; {each}" for each in _times(gate))
    return f"asks {who}; the one who asked for the release {requester} approve{times}"


def _times(gate: Approval) -> Iterator[str]:
    if gate.answers_expire is not None:
        yield f"an approval counts for {duration(gate.answers_expire)}"
    if gate.remind_after is not None:
        yield f"reminds after {duration(gate.remind_after)}"
    if gate.escalate_after is not None:
        yield f"asks {gate.escalate_to} as well after {duration(gate.escalate_after)}"
    if gate.expires_after is not None:
        yield f"expires after {duration(gate.expires_after)}"


def _http_parts(check: HttpCheck) -> Iterator[str]:
    yield f"answers with status {check.status}"
    if check.body is not None:
        yield f"has {check.body!r} in its body"
    if check.version_header is not None:
        yield f"says the version in the header {check.version_header!r}"
    if check.latency is not None:
        yield f"takes at most {duration(check.latency)}"


def check_words(check: Check) -> str:
    """Tell what a check looks at, when, and how patient it is."""
    if isinstance(check, CommandCheck):
        what = f"{command_words([check.command])} exits with 0 on the host"
    elif isinstance(check, InvokeCheck):
        answers = f"answers with {check.answer!r}" if check.answer is not None else "does not fail"
        what = f"the new version, invoked with {check.payload!r}, {answers}"
    else:
        what = f"{check.url!r} {listing(_http_parts(check))}"
    what += f" ({listing(check.targets)} only)" if check.targets else ""
    return f"{what}; {MOMENTS[check.when]}, within {duration(check.deadline)}"


def gate_conditions(environment: Environment) -> tuple[Condition, ...]:
    """Put the gates of an environment into words."""
    return tuple(Condition(kind="gate", name=gate.name, said=gate_words(gate)) for gate in environment.gates)


def check_conditions(checks: Sequence[Check]) -> tuple[Condition, ...]:
    """Put checks into words."""
    return tuple(Condition(kind="check", name=check.name, said=check_words(check)) for check in checks)
