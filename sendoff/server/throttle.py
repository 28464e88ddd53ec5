"""Slow wrong passwords down, by user and address; remembers no more than so many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST = 10_000  # that are remembered; the ones of long ago are forgotten first
FORGET = 3600.0  # seconds after which a wrong password is forgiven
FREE = {"both": 5, "address": 20, "user": 50}
"""Tries before anybody waits: of a user from an address, from an address at all, of a user from anywhere."""
LONGEST = {"both": 900.0, "address": 30.0, "user": 30.0}
"""Seconds that anybody waits at most; few where others wait as well, who did nothing wrong."""


@dataclass
class _Tries:
    count: int
    last: float


class Throttle:
    """Counts tries before they are looked at, so that many at once are no way around it."""

    def __init__(self, clock: Callable[[], float], most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._tries: OrderedDict[tuple[str, ...], _Tries] = OrderedDict()

    def __len__(self) -> int:
        """Tell how many are remembered."""
        return len(self._tries)

    def wait(self, user: str, address: str) -> float:
        """Tell how many seconds are left until this user may try again from there; 0 when now."""
        now = self._clock()
        return max(0.0, *(self._left(key, now) for key in _keys(user, address)))

    def tried(self, user: str, address: str) -> None:
        """Count a try as wrong; `was_right` takes it back."""
        now = self._clock()
        for key in _keys(user, address):
            tries = self._known(key, now) or _Tries(0, now)
            self._tries[key] = _Tries(tries.count + 1, now)
            self._tries.move_to_end(key)
        while len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def was_right(self, user: str, address: str) -> None:
        """Forgive this user there, and take the one try back from what is counted for others as well."""
        for key in _keys(user, address):
            tries = self._tries.get(key)
            if tries is None:
                continue
            tries.count = 0 if key[0] == "both" else tries.count - 1
            if tries.count <= 0:
                del self._tries[key]

    def _left(self, key: tuple[str, ...], now: float) -> float:
        tries = self._known(key, now)
        beyond = tries.count - FREE[key[0]] if tries else -1
        if tries is None or beyond < 0:
            return 0.0
        return tries.last + min(2.0 ** min(beyond, 30), LONGEST[key[0]]) - now

    def _known(self, key: tuple[str, ...], now: float) -> _Tries | None:
        tries = self._tries.get(key)
        return tries if tries and now - tries.last < FORGET else None


def _keys(user: str, address: str) -> Iterator[tuple[str, ...]]:
    yield "both", user, address
    yield "address", address
    yield "user", user
