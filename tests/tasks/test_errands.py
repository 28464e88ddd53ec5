"""Errands that come back, die, or are not heard of."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.errors import Fenced, StepErrored
from tasks.errand import Errand
from tasks.errands import WAITS, brought

KEY = ("web", "a")


class Told(Errand):
    """An errand that comes back with one thing after the other; None when its process died."""

    def __init__(self, *come: object, surely_over: bool = True) -> None:
        self.hosts, self.surely_over = [KEY], True
        self.sent: list[float] = []
        self._come, self._end = iter(come), surely_over

    def send(self, after: float = 0) -> None:
        self.sent.append(after)

    def bring(self) -> object:
        came = next(self._come)
        self.surely_over = came is not None and self._end
        return came

    def _wrong(self, what: str) -> StepErrored:
        return StepErrored(what)


class Taken:
    """A run that counts how often it took its environment anew."""

    def __init__(self, fenced: bool = False) -> None:
        self.numbers, self._fenced = 0, fenced

    def take_anew(self) -> None:
        if self._fenced:
            raise Fenced
        self.numbers += 1


def all_of(run: Any, *errands: Errand) -> list[tuple[Any, object]]:
    return list(brought(run, errands))


def test_no_errand() -> None:
    """Where no other site is asked, nothing happens."""
    run = Taken()
    assert all_of(run) == []
    assert run.numbers == 0


def test_what_came_of_each_host() -> None:
    """Results and errors are those of the hosts; an error of the whole is that of each."""
    wrong = StepErrored("no worker")
    assert all_of(Taken(), Told({KEY: "ok"}), Told(wrong)) == [(KEY, "ok"), (KEY, wrong)]


def test_a_dead_one_is_sent_again_under_a_larger_number() -> None:
    """Only what died is sent again, once all others are back and who may still live is fenced."""
    run, dead, done = Taken(), Told(None, None, {KEY: "ok"}), Told({KEY: "done"})
    assert all_of(run, dead, done) == [(KEY, "done"), (KEY, "ok")]
    assert (dead.sent, done.sent) == ([WAITS[0], WAITS[1]], [])
    assert run.numbers == 2


def test_one_that_dies_again_and_again() -> None:
    """It is given up in the end, with where to look."""
    run, dead = Taken(), Told(*[None] * (len(WAITS) + 1))
    ((key, error),) = all_of(run, dead)
    assert key == KEY
    assert "died again and again" in str(error)
    assert dead.sent == list(WAITS)
    assert run.numbers == len(WAITS) + 1


def test_one_that_was_called_off_may_still_be_at_work() -> None:
    """Before anything else is done, it is fenced."""
    run = Taken()
    all_of(run, Told(StepErrored("nobody began"), surely_over=False))
    assert run.numbers == 1


def test_a_process_that_was_replaced_sends_nothing_again() -> None:
    """Who has lost the environment to another process leaves it to that one."""
    dead = Told(None)
    with pytest.raises(Fenced):
        all_of(Taken(fenced=True), dead)
    assert dead.sent == []
