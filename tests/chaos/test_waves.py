"""The order in which all is struck."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.victims import VICTIMS, Victim
from tests.chaos.waves import LONG, Waves, evenly, in_order

NUMBERS = st.dictionaries(st.sampled_from(VICTIMS), st.integers(0, 60))


def places(count: int) -> list[tuple[str, str]]:
    return [(f"boundary {number}", "release") for number in range(count)]


@given(NUMBERS)
def test_all_are_struck_once(numbers: dict[type[Victim], int]) -> None:
    """Each victim meets each of its boundaries once, in their order, never more at a time than it may."""
    waves = in_order({victim: places(count) for victim, count in numbers.items()})
    for victim in VICTIMS:
        mine = [wave.boundaries for wave in waves if wave.victim is victim]
        assert [place for wave in mine for place in wave] == places(numbers.get(victim, 0))
        assert all(0 < len(wave) <= victim.wave for wave in mine)


def test_worlds_do_not_wait_all_at_once() -> None:
    """While one waits to be told that a worker is dead, others have work."""
    waves = in_order({victim: places(3 * victim.wave) for victim in VICTIMS})
    idle = [wave.victim.idle for wave in waves]
    assert [True, True] not in [idle[at : at + 2] for at in range(len(idle))]


def test_what_waits_does_not_begin_last() -> None:
    """Whoever waits has others at work beside it, from the first to the last."""
    assert evenly("WWW", "abcdef") == ["W", "a", "b", "W", "c", "d", "W", "e", "f"]


def test_what_may_last_long_begins_in_time() -> None:
    """Near the end of the time only what is soon over may begin."""
    waves = in_order({victim: places(46) for victim in VICTIMS})
    long = [wave.victim.lasts > LONG for wave in waves]
    assert any(long)
    assert not any(long[len(long) * 4 // 5 :])


def test_each_wave_is_taken_once() -> None:
    """Several worlds take what the boundaries of the first came to."""
    waves = Waves(lambda found: in_order({VICTIMS[-1]: list(found.items())}))
    first, second = (waves.take(dict(places(number))) for number in (25, 3))
    taken = [next(first), next(second), *first, *second]
    assert [place for wave in taken for place in wave.boundaries] == places(25)
    assert waves.boundaries == tuple(dict(places(25)))
