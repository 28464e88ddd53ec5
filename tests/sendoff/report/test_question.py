"""What people read before they answer: what happened, where, and what each answer would do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendoff.report.question import question
from sendoff.report.words import refused
from sendoff.spec.intent import Intent
from sendoff.trouble import Broken, Trouble

INTENT = Intent(summary="Half | the time", reason="The sale", risk="low", requested_by="dora")
LINES = "\n".join(f"  | line {number}" for number in range(20))
RESTART = f"b: './restart' exited with 1, expected 0; its last lines:\n{LINES}"
TITLE = "storefront 2.4.1 to production"


def written(*hosts: str, said: str = RESTART, note: str = "", **more: Any) -> str:
    known: dict[str, Any] = {
        "place": "go-live/2",
        "number": 2,
        "version": "2.4.1",
        "broken": [Broken(target="web", host=host, said=said) for host in hosts or ("b",)],
        "of": 9,
        "is_borne": True,
        "live": ("a",),
        "otherwise": "undo",
        "until": datetime(2026, 11, 23, 3, 10, tzinfo=UTC),
    }
    return question(Trouble(**{**known, **more}), TITLE, INTENT, note)


def test_it_says_what_broke_and_where() -> None:
    """The headline comes first, then what it is about and where it stands."""
    text = written()
    assert text.startswith("## 2.4.1 could not go live on 1 of 9 hosts\n")
    assert "- **What it is about:** storefront 2.4.1 to production: Half \\| the time" in text
    assert "- **What happened:** b: './restart' exited with 1, expected 0; it said last: 'line 19'" in text
    assert "- **Where it stands:** 2.4.1 is live on a" in text
    assert "- **Tried:** 6 times; it is" in text


def test_it_says_what_happens_without_an_answer() -> None:
    """The default and its moment are told."""
    assert "- **If nobody answers until 2026-11-23 03:10 UTC:** undo" in written()


def test_the_last_lines_are_shown_as_they_were() -> None:
    """The end of the output is there, and no more than fits."""
    text = written()
    assert "b: './restart' exited with 1, expected 0; its last lines:" in text
    assert "      | line 19" in text
    assert "line 7\n" not in text


def test_each_answer_has_its_line() -> None:
    """What may be answered is told in the order of the form, before what was said at length."""
    text = written()
    answers = text.partition("### What each answer would do\n\n")[2].partition("\n\n### What was said")[0]
    told = [line.partition(":**")[0] for line in answers.splitlines()]
    assert told == ["- **retry", "- **leave out", "- **undo", "- **stop here"]
    assert "- **undo:** every host that serves 2.4.1 is put back" in answers


def test_many_hosts_are_named_and_not_all_quoted() -> None:
    """Nine hosts that say the same do not push the answers out of sight."""
    text = written(*(f"web-{number}" for number in range(1, 10)), said="no route")
    assert text.count("no route") == 6
    assert "- **What happened:** no route, and 8 more hosts\n" in text
    assert "The same, or the like, on web-6, web-7, web-8 and web-9." in text


def test_an_answer_that_did_not_count_is_told_first() -> None:
    """Who is asked again reads why."""
    text = written(note=refused("mallory", "'mallory' may not answer"))
    assert text.startswith("**The last answer, of mallory, did not count: 'mallory' may not answer.**")


def test_why_it_was_being_undone() -> None:
    """Where putting back broke, the reason for it is there."""
    text = written(place="undo", because="b: not well\nmore")
    assert "- **It was being undone because:** b: not well\n" in text


def test_a_build_has_no_host() -> None:
    """What broke is told without one."""
    text = written(place="build", broken=[Broken(target="", host="", said="git: no network")], live=())
    assert "\ngit: no network\n" in text
