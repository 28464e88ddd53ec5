"""Break-glass: which gates an emergency release skips, who stands in for them, and when it may not."""

from __future__ import annotations

from collections.abc import Iterator

from sendoff.report.words import listing
from sendoff.spec.intent import Emergency
from sendoff.spec.models import Approval, BreakGlass, Environment, Quorum, ReleaseFile

GATE = "emergency"  # the name of the gate that stands in for those that are skipped


def gates_that_hold(environment: Environment, emergency: Emergency | None) -> tuple[Approval, ...]:
    """Give the gates that have to be passed: those not skipped, and a second person for the others."""
    if emergency is None or environment.emergency is None:
        return environment.gates
    kept = tuple(gate for gate in environment.gates if gate.name not in emergency.skip)
    return (_second_person(environment.emergency), *kept)


def with_gates_that_hold(file: ReleaseFile, name: str, emergency: Emergency | None) -> ReleaseFile:
    """Give a release file whose environment has just the gates that hold, to plan with."""
    if emergency is None:
        return file
    changed = tuple(
        each.model_copy(update={"gates": gates_that_hold(each, emergency)}) if each.name == name else each
        for each in file.environments
    )
    return file.model_copy(update={"environments": changed})


def objections(environment: Environment, emergency: Emergency | None, is_gated: bool) -> Iterator[str]:
    """Say why a release may not be started as an emergency."""
    if emergency is None:
        return
    names = environment.gate_names
    if not is_gated:
        yield "emergency: there is no gate to skip here, expected none to be named; start it without"
    elif environment.emergency is None:
        yield (
            f"emergency: {environment.name} does not allow that gates are skipped, expected 'emergency' in "
            "its release file; start it without, and have the gates passed"
        )
    elif strangers := [name for name in emergency.skip if name not in names]:
        yield (
            f"emergency: {environment.name} has no gate {listing(map(repr, strangers))}, expected some of "
            f"{', '.join(names) or 'none'}; name the gates that are to be skipped"
        )


def _second_person(who: BreakGlass) -> Approval:
    by_group = (Quorum(group=who.group, count=1),) if who.group else ()
    return Approval(kind="approval", name=GATE, approvers=who.approvers, approvals=by_group)
