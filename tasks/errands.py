"""Errands to several sites at once: what came of them, and what happens when one is not heard of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.errand import Errand
from tasks.order import HostKey
from tasks.run import Run

WAITS = (0, 10, 30, 60, 120)  # seconds before a step whose process died is asked for again; no more often


def brought(run: Run, errands: Sequence[Errand]) -> Iterator[tuple[HostKey, object]]:
    """Give what came of each host, once all have come back; whose process died is sent again.

    When a process may still be at work somewhere, the run goes on under a larger number: that one is fenced.
    """
    for after in (*WAITS, None):
        came = [(errand, errand.bring()) for errand in errands]
        if not all(errand.surely_over for errand in errands):
            run.take_anew()
        errands = [errand for errand, what in came if what is None and after is not None]
        for errand, what in came:
            if errand not in errands:
                yield from errand.each(what)
        if not errands:
            return
        for errand in errands:
            errand.send(after or 0)


def called_off(errands: Sequence[Errand]) -> None:
    """Have all stop at their next safe point, and wait for that."""
    for errand in errands:
        errand.call_off()
    for errand in errands:
        errand.wait()
