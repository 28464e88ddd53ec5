"""One person counts once in all gates of a release: who is spoken for at another, and who is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sendoff.gates.answer import Barred
from sendoff.gates.judge import possible
from sendoff.gates.people import key_of
from sendoff.gates.seats import seated
from sendoff.report.words import listing
from sendoff.spec.models import Approval


def spoken_for(
    gate: Approval, gates: Sequence[Approval], requested_by: str, counted: Mapping[str, Sequence[str]]
) -> tuple[Barred, ...]:
    """Tell who may not approve at a gate, though it would let them: they count, or are needed, at another.

    Args:
        gate: The gate that is asked
        gates: All that hold for the release, this one too
        requested_by: Who asked for the release
        counted: Who counts at each gate so far, by its name
    """
    sits = {key_of(name): other for other, names in counted.items() for name in names}
    found = [
        Barred(name=name, why=f"has approved at {other!r} already")
        for other, names in counted.items()
        for name in names
        if other != gate.name
    ]
    return (*found, *_needed(gate, gates, requested_by, sits))


def too_few(gates: Sequence[Approval], requested_by: str = "") -> tuple[Approval, ...]:
    """Give gates that so few people may open that never all of them will be, and no more; none when all can.

    Gates that are open to anybody, or to a group, always find somebody else.
    """
    few = tuple(gate for gate in gates if _is_closed(gate))
    if _can_open(few, requested_by, {}):
        return ()
    for gate in few:
        rest = tuple(each for each in few if each != gate)
        few = few if _can_open(rest, requested_by, {}) else rest
    return few


def _needed(
    gate: Approval, gates: Sequence[Approval], requested_by: str, sits: Mapping[str, str]
) -> Iterator[Barred]:
    """Name those without whom another gate could not be opened any more: they answer there."""
    if not _can_open(gates, requested_by, sits):
        return
    others = [each for each in gates if each.name != gate.name and _is_closed(each)]
    names = {key_of(name): name for each in others for name in possible(each, requested_by)}
    for key, name in names.items():
        if key not in sits and not _can_open(gates, requested_by, {**sits, key: gate.name}):
            where = (repr(each.name) for each in others if key in map(key_of, possible(each, requested_by)))
            yield Barred(name=name, why=f"is needed at {listing(where, last='or')}")


def _can_open(gates: Sequence[Approval], requested_by: str, sits: Mapping[str, str]) -> bool:
    """Tell whether enough people are left for all gates that name them; `sits`: who counts where already."""
    seats = {gate.name: gate.count for gate in gates if _is_closed(gate)}
    able: dict[str, set[str]] = {}
    for gate in gates:
        for name in possible(gate, requested_by):
            able.setdefault(key_of(name), set()).add(gate.name)
    able |= {key: {name} for key, name in sits.items()}
    return len(seated(seats, able)) == sum(seats.values())


def _is_closed(gate: Approval) -> bool:
    return bool(gate.approvers) and not gate.approvals and gate.escalate_to is None
