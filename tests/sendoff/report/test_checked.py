"""Checks that passed are summed up, those that failed are told one by one."""

from __future__ import annotations

from typing import Any

from sendoff.report.checked import MOST_FAILURES, check_lines


def checked(host: str, **more: Any) -> dict[str, Any]:
    return {
        "check": "health",
        "when": "live",
        "host": host,
        "passed": True,
        "tries": 1,
        "latency": 0.02,
        **more,
    }


def test_what_passed_is_one_line() -> None:
    """On how many hosts, how patient one had to be, how long the slowest took."""
    checks = [checked(f"web-{number}") for number in range(9)]
    lines = list(check_lines([*checks, checked("web-9", tries=4, latency=1.5)]))
    assert lines == ["**health** (after going live): passed on 10 hosts, after up to 4 tries, 1.5 s at most"]


def test_each_failure_is_a_line() -> None:
    """With what it saw."""
    lines = list(check_lines([checked("web-1"), checked("web-2", passed=False, said="web-2 answered 503")]))
    assert lines[1] == "**health** (after going live): **failed:** web-2 answered 503"


def test_a_flood_of_failures_is_cut() -> None:
    """Fifty hosts that fail alike are told by the first few and a number."""
    lines = list(check_lines([checked(f"web-{number}", passed=False) for number in range(50)]))
    assert len(lines) == MOST_FAILURES + 1
    assert lines[-1] == "and 40 more failed checks"
