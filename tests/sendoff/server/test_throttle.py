"""Wrong passwords wait longer each time, the right ones of others do not, and memory is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sendoff.server.throttle import FORGET, FREE, LONGEST, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wrong(throttle: Throttle, times: int, user: str = "rob", address: str = "192.0.2.1") -> float:
    for _ in range(times):
        throttle.tried(user, address)
    return throttle.wait(user, address)


def test_a_few_are_free() -> None:
    """Everybody mistypes."""
    assert wrong(Throttle(Clock()), FREE["both"] - 1) == 0


def test_each_waits_twice_as_long() -> None:
    """From then on it doubles, up to the longest."""
    throttle = Throttle(Clock())
    waits = [wrong(throttle, FREE["both"])] + [wrong(throttle, 1) for _ in range(11)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_others_at_the_same_address_wait_briefly() -> None:
    """Who shares an address with somebody who guesses is not locked out for long."""
    throttle = Throttle(Clock())
    wrong(throttle, 500)
    assert throttle.wait("ada", "192.0.2.1") == LONGEST["address"]
    assert throttle.wait("rob", "192.0.2.9") == LONGEST["user"]
    assert throttle.wait("ada", "192.0.2.9") == 0


def test_the_right_one_is_forgiven() -> None:
    """After the right password nothing is left of the wrong ones of that user there."""
    throttle = Throttle(Clock())
    wrong(throttle, FREE["both"])
    throttle.tried("rob", "192.0.2.1")
    throttle.was_right("rob", "192.0.2.1")
    assert throttle.wait("rob", "192.0.2.1") == 0


def test_forgotten_after_a_while() -> None:
    """An hour later it begins anew."""
    clock = Clock()
    throttle = Throttle(clock)
    assert wrong(throttle, 50) > 0
    clock.now += FORGET
    assert throttle.wait("rob", "192.0.2.1") == 0


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=400))
def test_memory_is_bounded(tries: list[tuple[int, int]]) -> None:
    """However many names and addresses are tried, no more than so many are remembered."""
    throttle = Throttle(Clock(), most=50)
    for user, address in tries:
        throttle.tried(str(user), str(address))
        assert len(throttle) <= 50


@given(st.lists(st.floats(0, 800), min_size=1, max_size=60))
def test_rate_is_bounded(pauses: list[float]) -> None:
    """However patiently somebody guesses, they get the free tries, some more, then four an hour."""
    clock = Clock()
    throttle = Throttle(clock)
    tries = 0
    for pause in pauses:
        clock.now += pause
        if throttle.wait("rob", "192.0.2.1") == 0:
            throttle.tried("rob", "192.0.2.1")
            tries += 1
        assert tries <= FREE["both"] + 11 + sum(pauses) / LONGEST["both"]
