"""Stop the line, and let it go: written into the ledger, where every release looks before it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sendoff import catalog
from sendoff.errors import BadInput, PolicyRefused, Problem
from sendoff.ledger import Ledger
from sendoff.ledger.progress import scope
from sendoff.spec.findings import unknown
from sendoff.timing.line import KINDS, LINE, stops
from sendoff.timing.rules import Stop


def stopped(ledger: Ledger) -> tuple[Stop, ...]:
    """Tell what is stopped now."""
    return stops(ledger.events(LINE, KINDS))


def stop(
    ledger: Ledger,
    who: str,
    reason: str,
    where: tuple[str, str],
    proved: bool = False,
    key: str | None = None,
) -> str:
    """Stop the line, for an application and an environment, or ('') for all; tells what was done."""
    if not _is_done(ledger, key) and (known := _known(ledger, where)):
        raise PolicyRefused(
            f"the line: is stopped for {scope(*where)} already, by {known.owner} ({known.reason}), "
            "expected that it goes; nothing was changed"
        )
    ledger.append(LINE, "line.stopped", who, _body(who, reason, where, proved), key)
    return f"the line is stopped for {scope(*where)}: each holds at its next safe point"


def let_go(
    ledger: Ledger,
    who: str,
    reason: str,
    where: tuple[str, str],
    proved: bool = False,
    key: str | None = None,
) -> str:
    """Let the line go that was stopped for just this; tells what was done, and what is stopped still."""
    if not _is_done(ledger, key) and not _known(ledger, where):
        others = "; ".join(_told(each) for each in stopped(ledger)) or "nothing"
        raise PolicyRefused(
            f"the line: is not stopped for {scope(*where)}, expected that it is; stopped now: {others}"
        )
    ledger.append(LINE, "line.let_go", who, _body(who, reason, where, proved), key)
    rest = stopped(ledger)
    still = f"; still stopped: {'; '.join(map(_told, rest))}" if rest else ""
    return f"the line goes again for {scope(*where)}{still}"


def check_names(paths: Sequence[Path], application: str, environment: str) -> None:
    """Refuse names that no release file has: a line that is stopped for nobody stops nothing."""
    found, _ = catalog.survey(paths)
    applications = sorted(each.file.application for each in found)
    here = [each for each in found if application in ("", each.file.application)]
    environments = sorted({known.name for each in here for known in each.file.environments})
    problems = [
        Problem("command line", 0, f"--{what}", *unknown(name, names, what))
        for what, name, names in (
            ("application", application, applications),
            ("environment", environment, environments),
        )
        if name and name not in names
    ]
    if problems:
        raise BadInput(problems)


def _known(ledger: Ledger, where: tuple[str, str]) -> Stop | None:
    return next((each for each in stopped(ledger) if (each.application, each.environment) == where), None)


def _is_done(ledger: Ledger, key: str | None) -> bool:
    """Tell whether this was written down by a process that died right after it."""
    return key is not None and any(event.key == key for event in ledger.events(LINE, KINDS))


def _told(stop: Stop) -> str:
    return f"{scope(stop.application, stop.environment)}, by {stop.owner} ({stop.reason})"


def _body(who: str, reason: str, where: tuple[str, str], proved: bool) -> dict[str, object]:
    application, environment = where
    return {
        "application": application,
        "environment": environment,
        "who": who,
        "reason": reason,
        "proved": proved,
    }
