"""Each event in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from sendoff.ledger.models import Event, Kind
from sendoff.ledger.sentences import meaningful, sentence

TOLD: list[tuple[str, dict[str, Any], str]] = [
    (
        "review.opened",
        {"skipped": ["owner", "ops"]},
        "EMERGENCY: a review is open, as it skipped owner and ops",
    ),
    ("review.closed", {"finding": "all was well"}, "its review is closed: all was well"),
    ("told", {"channel": "team", "subject": "shop 1 to live: live"}, "team was told: shop 1 to live: live"),
    (
        "not_told",
        {"channel": "team", "subject": "shop 1 to live: live", "why": "answered 404", "tries": 1},
        "team could NOT be told: shop 1 to live: live: answered 404 (1 try)",
    ),
    (
        "release.created",
        {"application": "storefront", "environment": "production", "version": "2.4.1"},
        "storefront 2.4.1 to production: started by ada",
    ),
    ("release.built", {"artifact": {"version": "2.4.1", "digest": "a" * 64}}, "2.4.1 is built: aaaaaaaaaaaa"),
    (
        "release.built",
        {"artifact": {"version": "2.4.1", "digest": "a" * 64}, "reused": True},
        "2.4.1 was built before: aaaaaaaaaaaa",
    ),
    ("release.planned", {"plan_digest": "b" * 64}, "planned: plan code bbbbbbbb"),
    ("approval.asked", {"gate": "go-live"}, "waits for approval of 'go-live'"),
    (
        "approval.answered",
        {"approver": "bob", "decision": "approve", "gate": "go-live", "comment": "fine", "counted": True},
        "bob answers 'approve' to 'go-live': fine",
    ),
    (
        "approval.answered",
        {
            "approver": "ada",
            "decision": "approve",
            "gate": "go-live",
            "counted": False,
            "said": "ada asked for it",
        },
        "ada answers 'approve' to 'go-live' (does not count: ada asked for it)",
    ),
    (
        "approval.answered",
        {"approver": "bob", "decision": "later", "gate": "go-live", "groups": ["ops"], "counted": True},
        "bob (ops) answers 'later' to 'go-live'",
    ),
    ("approval.void", {"said": "what was asked has changed"}, "what was asked has changed"),
    ("approval.reminded", {"said": "it waits for 1 h"}, "it waits for 1 h"),
    ("approval.escalated", {"said": "duty may answer"}, "duty may answer"),
    ("approval.expired", {"said": "nobody has answered"}, "nobody has answered"),
    (
        "trouble.asked",
        {
            "said": "2 could not be put on 1 of 3 hosts (b)",
            "until": "2026-03-01T03:10:00Z",
            "otherwise": "undo",
        },
        "2 could not be put on 1 of 3 hosts (b); waits for an answer until 2026-03-01 03:10 UTC, else 'undo'",
    ),
    ("trouble.answered", {"said": "ada answered 'retry'", "counted": True}, "ada answered 'retry'"),
    ("trouble.answered", {"said": "nobody is named", "counted": False}, "nobody is named (does not count)"),
    (
        "host.left_out",
        {"host": "b", "by": "ada", "live": "1-abc", "why": "b: no route\nmore"},
        "b: left out by ada, serves 1-abc: b: no route",
    ),
    (
        "host.left_out",
        {"host": "b", "by": "ada", "live": None, "why": "away"},
        "b: left out by ada, serves nothing: away",
    ),
    (
        "release.held",
        {"said": "it waits, as its window is closed"},
        "held: it waits, as its window is closed",
    ),
    ("release.let_go", {}, "is not held any more"),
    ("hold.asked", {"freezes": ["1", "2"]}, "asks the owners of 2 freezes"),
    ("hold.answered", {"said": "nobody is named", "counted": False}, "nobody is named (does not count)"),
    ("freeze.overridden", {"said": "ada overrode the freeze"}, "ada overrode the freeze"),
    (
        "line.stopped",
        {"who": "ada", "reason": "an outage"},
        "ada stopped the line for all releases: an outage",
    ),
    (
        "line.stopped",
        {"who": "ada", "reason": "an outage", "application": "shop"},
        "ada stopped the line for all releases of shop: an outage",
    ),
    (
        "line.stopped",
        {"who": "ada", "reason": "an outage", "application": "shop", "environment": "production"},
        "ada stopped the line for releases of shop to production: an outage",
    ),
    (
        "line.let_go",
        {"who": "ada", "reason": "it is over", "environment": "production"},
        "ada let the line go for all releases to production: it is over",
    ),
    ("step.done", {"action": "deploy", "host": "web-1", "said": "12 files"}, "put on web-1: 12 files"),
    ("step.done", {"action": "build", "failed": True, "said": "exit 2"}, "build failed: exit 2"),
    ("step.done", {"action": "preflight", "host": None, "said": "ready"}, "look at the hosts: ready"),
    ("step.done", {"action": "warm-up", "host": "web-1", "said": "ok"}, "warm-up web-1: ok"),
    (
        "canary.shifted",
        {"host": "api", "version": "2.4.1", "weight": 10},
        "api: 2.4.1 has 10 % of the traffic",
    ),
    (
        "canary.compared",
        {"host": "api", "passed": True, "said": "errors: no worse"},
        "comparison on api: errors: no worse",
    ),
    (
        "canary.compared",
        {"host": "api", "passed": False, "said": "errors: worse"},
        "comparison on api failed: errors: worse",
    ),
    ("canary.passed", {"host": "api", "step": 1, "of": 2}, "api: step 1 of 2 of its canary is passed"),
    ("host.live", {"host": "web-1", "version": "2.4.1"}, "web-1: 2.4.1 is live"),
    (
        "host.live",
        {"host": "web-1", "version": "2.4.0", "undo": True},
        "web-1: put back, 2.4.0 is live again",
    ),
    ("host.live", {"host": "web-1", "version": None}, "web-1: nothing is live any more"),
    (
        "check.done",
        {"check": "health", "host": "web-1", "passed": True, "said": "200"},
        "check health on web-1: 200",
    ),
    ("check.done", {"check": "health", "host": "web-1", "said": "503"}, "check health on web-1 failed: 503"),
    (
        "check.done",
        {"check": "health", "host": "web-1", "said": "web-1 answered 503"},
        "check health failed: web-1 answered 503",
    ),
    ("release.ended", {"end": "live", "said": "2.4.1 is live"}, "live: 2.4.1 is live"),
    ("release.ended", {"end": "live", "said": ""}, "live"),
    ("lease.taken", {"resource": "a/b"}, "holds a/b"),
    ("lease.given_back", {"resource": "a/b", "why": "done"}, "gave a/b back: done"),
    ("release.undoing", {"why": "a: not well"}, "is put back: a: not well"),
    (
        "release.recovered",
        {"attempt": 2, "of": 5, "why": "exit code -9"},
        "its process died; it goes on in another, try 2 of 5",
    ),
    ("lease.resumed", {"resource": "a/b", "token": 3}, "goes on in another process, under number 3"),
    ("lease.taken_over", {"resource": "a/b", "why": "dead"}, "took a/b over: dead"),
    ("stamp.used", {"deed": "answer"}, "the stamp of this answer is used up"),
    ("stamp.refused", {"said": "it is forged"}, "a stamp was refused: it is forged"),
    ("moon.landed", {}, "moon.landed"),
]


def event(kind: str, body: dict[str, Any]) -> Event:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Event(number=1, release="r1", at=at, actor="ada", kind=kind, body=body, previous_hash="", hash="")


@pytest.mark.parametrize(("kind", "body", "told"), TOLD)
def test_sentence(kind: str, body: dict[str, Any], told: str) -> None:
    """An event reads as a sentence; an unknown one is named."""
    assert sentence(event(kind, body)) == told


def test_every_kind_is_told() -> None:
    """There is a sentence for every kind."""
    assert set(get_args(Kind)) <= {kind for kind, _, _ in TOLD}


def told(*said: tuple[str, dict[str, Any]]) -> list[str]:
    return [text for _, text in meaningful(event(kind, body) for kind, body in said)]


def test_a_check_is_told_once() -> None:
    """The step that ran the checks repeats what they said."""
    assert told(
        ("check.done", {"check": "health", "host": "a", "passed": True, "said": "a answered 200"}),
        ("check.done", {"check": "page", "host": "a", "passed": True, "said": "a answered 200 too"}),
        ("step.done", {"action": "check-live", "host": "a", "said": "a answered 200; a answered 200 too"}),
    ) == ["check health: a answered 200", "check page: a answered 200 too"]


def test_a_failed_check_is_told_once() -> None:
    """Also when its own words have a semicolon, and when several failed."""
    one, two = "a answered 503, once; it said: 'x; y'", "a answered 404, once"
    assert told(
        ("check.done", {"check": "health", "host": "a", "passed": False, "said": one}),
        ("check.done", {"check": "page", "host": "a", "passed": False, "said": two}),
        ("step.done", {"action": "check-live", "host": "a", "failed": True, "said": f"{one}; {two}"}),
    ) == [f"check health failed: {one}", f"check page failed: {two}"]


def test_a_check_that_could_not_be_made_is_told() -> None:
    """Broken machinery is no check."""
    step = {"action": "check-live", "host": "a", "failed": True, "said": "a: the connection broke"}
    assert told(("step.done", step)) == ["check on a failed: a: the connection broke"]


def test_a_switch_is_told_once() -> None:
    """That a host is live says all that the step would."""
    assert told(
        ("host.live", {"host": "a", "version": "2"}),
        ("step.done", {"action": "go-live", "host": "a", "said": "2-x is live, before: none"}),
    ) == ["a: 2 is live"]


def test_retries_that_fail_alike_are_told_once() -> None:
    """The third time says nothing new."""
    step = {"action": "go-live", "host": "a", "failed": True, "said": "a: 'x' exited with 1, expected 0"}
    assert len(told(("step.done", step), ("step.done", step))) == 1


def test_asking_again_is_told_again() -> None:
    """An answer that did not count leaves people waiting, and that is news."""
    assert len(told(("approval.asked", {"gate": "go"}), ("approval.asked", {"gate": "go"}))) == 2


def test_what_is_of_no_use_is_left_out() -> None:
    """Leases of the release itself, and tidying up where there was nothing to tidy."""
    assert not told(
        ("lease.taken", {"resource": "a/b"}),
        ("step.done", {"action": "prune", "host": "a", "changed": False, "said": "nothing to remove"}),
        ("lease.given_back", {"resource": "a/b"}),
    )
