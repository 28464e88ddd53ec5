"""Numbers, times and lists as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

LARGER = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
SIZES = ("kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """Say a duration (seconds) in its two largest units: `0.4 s`, `40 s`, `1 min 12 s`, `2 h 5 min`."""
    if 0 < seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s".replace(".0 s", " s")
    whole = max(round(seconds), 0)
    for size, name, smaller, smaller_name in LARGER:
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name} {rest} {smaller_name}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Count things with the right plural: `1 host`, `3 hosts`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def moment(at: datetime) -> str:
    """Say when, to the minute, as `2026-11-23 18:05 UTC`; a time without a zone is UTC."""
    known = at if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{known.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listing(items: Iterable[str], last: str = "and", otherwise: str = "none") -> str:
    """Join as in a sentence: `a`, `a and b`, `a, b and c`; `otherwise` when there is none."""
    *first, end = tuple(items) or (otherwise,)
    return f"{', '.join(first)} {last} {end}" if first else end


def size(number: int) -> str:
    """Say a number of bytes: `512 bytes`, `61.4 kB`, `60.0 MB`."""
    if number < 1000:
        return count(number, "byte")
    value = float(number)
    for unit in SIZES:
        value /= 1000
        if value < 999.95 or unit == SIZES[-1]:
            break
    return f"{value:.1f} {unit}"


def sentence(text: str) -> str:
    """End a text with one full stop, unless it ends like a sentence; whitespace becomes single spaces."""
    tidy = " ".join(text.split())
    return tidy if not tidy or tidy[-1] in ".!?…" else f"{tidy}."


def refused(who: str, why: str) -> str:
    """Tell whoever opens the form that the last answer did not count: whose, as far as is known, and why."""
    of = f", of {who.strip()}," if who.strip() else ""
    return sentence(f"The last answer{of} did not count: {why}")


def capital(text: str) -> str:
    """Begin a text with a capital letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]
