"""When the environment of a run may be changed, as it is now, and what people are told of it."""

from __future__ import annotations

from datetime import datetime

from sendoff.timing.rules import Rules
from sendoff.timing.standing import HELD
from sendoff.timing.why import why
from sendoff.timing.words import outlook, rule_words
from sendoff.when import rules_for_run
from tasks.run import Run


def rules_now(run: Run, at: datetime) -> Rules:
    """Read the rules as they are for this run, without what it may finish in and what was overridden."""
    events = run.ledger.events(run.id)
    rules = rules_for_run(events, run.settings.catalog, run.calendars, run.ledger, at)
    for said in rules.copies:
        run.say(said)
    return rules


def why_it_waits(run: Run) -> str:
    """Say in one sentence why it waits, on whom, until when, and when it may ship: for its state."""
    now = run.now()
    return run.mask(why(run.ledger.events(run.id), rules_now(run, now), run.ledger.leases(), now))


def tell_when(run: Run) -> None:
    """Say in the log when it may ship, before anything is done."""
    for line in _outlook(run):
        run.say(f"{run.place}: {line}")


def when_lines(run: Run) -> list[str]:
    """Say when it may ship by the rules, and as it is now; nothing where it always may, or is not held."""
    if run.flow not in HELD:
        return []
    here = run.environment
    return [*rule_words(here.windows, here.freezes), *_outlook(run)]


def _outlook(run: Run) -> list[str]:
    now = run.now()
    return list(outlook(rules_now(run, now), now))
