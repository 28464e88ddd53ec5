"""What people read above the form when something broke: what happened, and what each answer would do."""

from __future__ import annotations

from collections.abc import Iterator

from sendoff.report.markdown import bullets, document, escape
from sendoff.report.words import capital, count, listing, moment
from sendoff.report.wrongs import first_line
from sendoff.spec.intent import Intent
from sendoff.trouble import TRIES, Broken, Trouble, consequence, stands

MOST_HOSTS = 5
LAST_LINES = 12


def question(trouble: Trouble, title: str, intent: Intent, note: str = "") -> str:
    """Write it; `title` names the release, `note` says that the last answer did not count, and why."""
    return document(
        (
            f"**{escape(note)}**" if note else "",
            f"## {escape(capital(trouble.headline))}",
            bullets(_facts(trouble, title, intent)),
            "### What each answer would do",
            bullets(_answers(trouble)),
            "### What was said",
            *(part for each in trouble.broken[:MOST_HOSTS] for part in _broken(each)),
            _more(trouble),
        )
    )


def _facts(trouble: Trouble, title: str, intent: Intent) -> Iterator[str]:
    yield f"**What it is about:** {escape(f'{title}: {intent.summary}')}"
    said = [first_line(each.said) for each in trouble.broken]
    more = f", and {count(len(said) - 1, 'more host')}" if len(said) > 1 else ""
    yield f"**What happened:** {escape(said[0])}{more}"
    tried = count(TRIES * trouble.number, "time")
    yield f"**Tried:** {tried}; it is the machinery that broke, which says nothing of the version itself"
    yield f"**Where it stands:** {escape(stands(trouble))}"
    if trouble.because:
        yield f"**It was being undone because:** {escape(trouble.because.splitlines()[0])}"
    yield f"**If nobody answers until {moment(trouble.until)}:** {escape(trouble.otherwise)}"


def _broken(each: Broken) -> Iterator[str]:
    first, *lines = each.said.splitlines() or ["no reason was recorded"]
    where = "" if not each.host or first.startswith(each.host) else f"{each.host}: "
    yield escape(f"{where}{first}")
    if shown := [f"    {_printable(line)}" for line in lines[-LAST_LINES:]]:
        yield "\n".join(shown)


def _more(trouble: Trouble) -> str:
    rest = [each.host for each in trouble.broken[MOST_HOSTS:]]
    return escape(f"The same, or the like, on {listing(rest)}.") if rest else ""


def _answers(trouble: Trouble) -> Iterator[str]:
    # A list, not a table: the window with the form breaks no lines in a cell, and cuts them off.
    for decision in trouble.possible:
        yield f"**{decision}:** {escape(consequence(decision, trouble))}"


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)
