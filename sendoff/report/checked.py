"""Checks as a list that stays short: what passed in sum, what failed one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sendoff.report.hosts import some
from sendoff.report.markdown import escape
from sendoff.report.story import Body
from sendoff.report.words import count, duration
from sendoff.report.wrongs import failure

WHEN = {"dark": "before traffic", "live": "after going live", "back": "after it was put back"}
MOST_FAILURES = 10


def check_lines(checks: Iterable[Body]) -> Iterator[str]:
    """Tell checks in Markdown, a line each kind that passed and a line each that failed."""
    known = list(checks)
    kinds = list(dict.fromkeys((str(check.get("check")), str(check.get("when") or "")) for check in known))
    failed = 0
    for name, when in kinds:
        alike = [c for c in known if (str(c.get("check")), str(c.get("when") or "")) == (name, when)]
        title = f"**{escape(name)}**" + (f" ({WHEN.get(when, escape(when))})" if when else "")
        if passed := [check for check in alike if check.get("passed")]:
            yield f"{title}: passed {_passed(passed)}"
        for check in alike:
            if not check.get("passed"):
                failed += 1
                if failed <= MOST_FAILURES:
                    yield f"{title}: **failed:** {escape(failure(check))}"
    if failed > MOST_FAILURES:
        yield f"and {count(failed - MOST_FAILURES, 'more failed check')}"


def _passed(checks: Sequence[Body]) -> str:
    hosts = sorted({str(check.get("host")) for check in checks if check.get("host")})
    where = f"on {escape(some(hosts))}" if hosts else "once"
    tries = max(int(check.get("tries") or 1) for check in checks)
    patient = f", after up to {tries} tries" if tries > 1 else ""
    slowest = max(float(check.get("latency") or 0) for check in checks)
    return f"{where}{patient}{f', {_latency(slowest)} at most' if slowest else ''}"


def _latency(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)
