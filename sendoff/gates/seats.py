"""Who fills which seat: a person in two groups takes the one that leaves the fewest empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def seated(seats: Mapping[str, int], able: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Seat as many people as can be, each once; gives the group for each who has a seat.

    How many are seated does not depend on the order in which people come: whoever comes later may have
    others move, as far as they can (augmenting paths).

    Args:
        seats: The groups, with how many seats each has
        able: The people, with the groups that each may sit for
    """
    found: dict[str, str] = {}
    for person in able:
        _seat(person, seats, able, found, set())
    return found


def _seat(
    person: str,
    seats: Mapping[str, int],
    able: Mapping[str, Collection[str]],
    found: dict[str, str],
    seen: set[str],
) -> bool:
    for group in seats:
        if group not in able[person] or group in seen:
            continue
        seen.add(group)
        sitting = [each for each, taken in found.items() if taken == group]
        if len(sitting) < seats[group] or any(_seat(each, seats, able, found, seen) for each in sitting):
            found[person] = group
            return True
    return False
