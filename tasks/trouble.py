"""Carry work through: what breaks beyond its retries is put to a person, and what they say is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sendoff.errors import SendoffError, StepErrored, Stopped
from sendoff.trouble import Broken, Reply, Trouble, answered, fallback, is_borne, possible, stands
from tasks.durable import HostKey
from tasks.left_out import kept, leave_out, left_out
from tasks.questions import ask, reply_to, unsettled
from tasks.remove import staged
from tasks.run import Run

BY_DEFAULT = "the release file"

Errors = Mapping[HostKey, SendoffError]


def _nothing(*_: Any) -> None:
    """Do nothing: there is nothing to give up or to undo."""


@dataclass(frozen=True)
class Work:
    """Work on hosts, at a place in the release: `attempt` does it and gives what broke beyond its retries.

    `let_go` is called for hosts before they are left out, `undo` when all of it is given up.
    """

    place: str
    hosts: list[HostKey]
    attempt: Callable[[list[HostKey]], Errors]
    of: int
    let_go: Callable[[list[HostKey]], None] = _nothing
    undo: Callable[[], None] = _nothing
    because: str = ""


def carry_through(run: Run, work: Work) -> None:
    """Do it on all hosts that are not left out; StepErrored when it was given up, Stopped when left as it is.

    A question that is open is settled before anything is tried: what was answered holds, whatever works now.
    """
    hosts, tried = work.hosts, False
    trouble = unsettled(run, work.place)
    while True:
        if trouble is None:
            broken, tried = work.attempt(kept(run, hosts)), True
            if not broken:
                return
            trouble = _found(run, work, broken)
        reply = reply_to(run, trouble)
        ours: list[HostKey] = [(each.target, each.host) for each in trouble.broken]
        if reply.decision == "leave out":
            work.let_go(ours)
            why = {(each.target, each.host): each.said for each in trouble.broken}
            leave_out(run, work.place, why, reply.who.strip() or BY_DEFAULT, reply.comment)
            if tried:
                return
        elif reply.decision != "retry":
            raise _given_up(work, trouble, reply, run.environment.on_trouble.ask)
        hosts, trouble = (ours if tried else work.hosts), None


def _found(run: Run, work: Work, broken: Errors) -> Trouble:
    """Write down what broke, with what may be answered; nothing is written when nobody is asked."""
    settings, stage = run.environment.on_trouble, work.place.partition("/")[0]
    limits = {fleet.name: fleet.max_failures for fleet in run.environment.targets}
    borne = is_borne([t for t, _ in broken], [t for t, _ in left_out(run)], limits)
    before = run.ledger.events(run.id, ("trouble.asked",))
    dark = tuple(sorted(host for _, host in staged(run)))
    trouble = Trouble(
        place=work.place,
        number=sum(event.body["place"] == work.place for event in before) + 1,
        version=run.version,
        broken=tuple(
            Broken(target=target, host=host, said=run.mask(str(error)))
            for (target, host), error in broken.items()
        ),
        of=work.of,
        is_borne=borne,
        staged=dark,
        live=_live(run),
        otherwise=fallback(settings.otherwise, possible(stage, borne, bool(dark))),
        until=run.now() + timedelta(seconds=settings.wait),
        because=work.because,
    )
    return ask(run, trouble) if settings.ask else trouble


def _given_up(work: Work, trouble: Trouble, reply: Reply, asked: bool) -> StepErrored:
    """Undo, or leave it as it is, and say so."""
    lines = "\n".join(
        each.said if each.host in each.said else f"{each.host}: {each.said}" for each in trouble.broken
    )
    by = f" ({answered(reply)})" if asked else ""
    if reply.decision == "stop here":
        return Stopped(f"{trouble.headline}; {stands(trouble)}{by}:\n{lines}")
    work.undo()
    dark = "; nothing went live, and what was put on the others was removed"
    return StepErrored(f"{trouble.headline}{dark * (trouble.stage != 'go-live')}{by}:\n{lines}")


def _live(run: Run) -> tuple[str, ...]:
    """Name the hosts that this run has switched and not put back."""
    moves = {each.body["host"]: each.body["undo"] for each in run.ledger.events(run.id, ("host.live",))}
    return tuple(host for host, is_back in moves.items() if not is_back)
