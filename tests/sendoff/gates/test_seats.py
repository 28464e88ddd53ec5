"""As many as can be are seated, each once."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from sendoff.gates.seats import seated

GROUPS = ("product", "qa", "ops")
SEATS = st.dictionaries(st.sampled_from(GROUPS), st.integers(1, 3), min_size=1)
PEOPLE = st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from(GROUPS)))


def most(seats: dict[str, int], able: dict[str, set[str]]) -> int:
    """Try all: the largest number of people that can sit at once."""
    chairs = [group for group, count in seats.items() for _ in range(count)]
    for number in range(min(len(chairs), len(able)), 0, -1):
        for people in combinations(able, number):
            for taken in set(permutations(chairs, number)):
                if all(chair in able[who] for who, chair in zip(people, taken, strict=True)):
                    return number
    return 0


@given(seats=SEATS, able=PEOPLE)
def test_nobody_can_seat_more(seats: dict[str, int], able: dict[str, set[str]]) -> None:
    """It is what trying every way finds, and each sits where they may."""
    found = seated(seats, able)
    assert len(found) == most(seats, able)
    assert all(group in able[who] for who, group in found.items())
    assert all(number <= seats[group] for group, number in Counter(found.values()).items())


@given(seats=SEATS, able=PEOPLE, order=st.randoms(use_true_random=False))
def test_who_comes_first_makes_no_difference(
    seats: dict[str, int], able: dict[str, set[str]], order: object
) -> None:
    """As many are seated in whatever order they come."""
    names = list(able)
    order.shuffle(names)  # type: ignore[attr-defined]  # hypothesis' own kind of random
    assert len(seated(seats, {name: able[name] for name in names})) == len(seated(seats, able))
