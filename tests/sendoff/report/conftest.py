"""Releases as the ledger tells them: each case is a list of events, its report is in cases/<name>.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.ledger.models import Event

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
OLD, NEW = "2.4.0-000000000000", "2.4.1-abababababab"
HOSTS = ("web-1", "web-2", "web-3")
DIGEST, PLAN = "ab" * 32, "cd" * 32
INTENT = {
    "summary": "Customers find products in half the time",
    "reason": "The winter sale starts on Friday",
    "risk": "medium",
    "risk_note": "Search may show old prices for a minute",
    "tickets": ["SHOP-12"],
    "requested_by": "dora",
}
COMMITS = [
    {
        "sha": "c0ffee" * 6,
        "author": "Ada",
        "at": "2026-11-22T10:00:00+00:00",
        "subject": "Search by prefix | fast",
    },
    {"sha": "beefed" * 6, "author": "Bo", "at": "2026-11-21T10:00:00+00:00", "subject": "Cache <prices>"},
]


UNWELL = (
    "web-1 answered 503 instead of 200, 30 times in 10 s; "
    "it said: 'price list: prices/eur.json is missing from this build'"
)


class Tale:
    """Events in the making, each some seconds after the one before."""

    def __init__(self, **created: Any) -> None:
        self.events: list[Event] = []
        self.at = START
        place = {"application": "storefront", "environment": "production", "version": "2.4.1"}
        what = {
            "run": "run-1",
            "flow": "release",
            **place,
            "what": place,
            "why": INTENT,
            "config_digest": "ef" * 32,
        }
        self.then(0, "release.created", {**what, **created})

    def then(self, seconds: float, kind: str, body: Mapping[str, Any], actor: str = "local:ada") -> None:
        self.at += timedelta(seconds=seconds)
        number = len(self.events) + 1
        previous = f"{number - 1:064x}"
        self.events.append(
            Event(
                number=number,
                release="run-1",
                at=self.at,
                actor=actor,
                kind=kind,
                body=dict(body),
                previous_hash=previous,
                hash=f"{number:064x}",
            )
        )

    def step(self, action: str, host: str | None, seconds: float, **more: Any) -> None:
        body = {"step": f"{action}/{host}", "action": action, "target": "web", "host": host}
        rest = {"started": self.at.isoformat(), "seconds": seconds, "changed": True, "said": "done"}
        self.then(seconds, "step.done", {**body, **rest, **more})

    def built(self, previous: str | None = OLD) -> None:
        self.step("build", None, 42)
        made = {
            "application": "storefront",
            "version": "2.4.1",
            "digest": DIGEST,
            "size": 61_000_000,
            "files": 2000,
        }
        record = {**made, "commit": COMMITS[0], "built_at": self.at.isoformat(), "built_by": "local:ada"}
        commits = COMMITS if previous else []
        self.then(0, "release.built", {"artifact": record, "reused": False, "commits": commits})

    def planned(self, previous: str | None = OLD, **more: Any) -> None:
        now = [{"target": "web", "host": host, "live": previous} for host in HOSTS]
        plan = {"kind": "release", "environment": "production", "now": now, "beyond_switch": None}
        plan["batches"] = [{"number": n, "hosts": [host]} for n, host in enumerate(HOSTS, 1)]
        plan.update(more)
        self.then(1, "release.planned", {"plan_digest": PLAN, "plan": plan})

    def deployed(self) -> None:
        for host in HOSTS:
            self.step("deploy", host, 6)

    def answered(self, approver: str, decision: str, comment: str = "", refused: str = "") -> None:
        gate = {"gate": "business", "plan_digest": PLAN}
        self.then(0, "approval.asked", gate)
        body = {**gate, "decision": decision, "approver": approver, "comment": comment, "proved": False}
        said = refused or f"{approver!r} answered"
        self.then(600, "approval.answered", {**body, "counted": not refused, "said": said}, actor=approver)

    def live(self, host: str, release: str | None, previous: str | None, undo: bool = False) -> None:
        place = {"application": "storefront", "environment": "production", "target": "web", "host": host}
        version = release.split("-")[0] if release else None
        what = {"version": version, "release_name": release, "digest": DIGEST, "commit": "c0ffee" * 6}
        self.step("undo" if undo else "go-live", host, 2)
        self.then(0, "host.live", {**place, **what, "previous": previous, "undo": undo})

    def checked(self, host: str, passed: bool = True, said: str = "", seconds: float = 1) -> None:
        said = said or f"{host} answered 200 in 4 ms"
        self.step("check-live", host, seconds, failed=not passed, said=said)
        body = {"check": "health", "host": host, "when": "live", "passed": passed, "said": said}
        self.then(0, "check.done", {**body, "tries": 1, "seconds": seconds, "latency": 0.004})

    def ended(self, end: str, said: str) -> list[Event]:
        self.then(1, "release.ended", {"end": end, "said": said})
        return self.events


def good() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned(beyond_switch="from go-live/1 (web-1) on: 'bin/migrate' may have changed it")
    tale.deployed()
    tale.answered(
        "eve", "approve", refused="'eve' may not approve 'business': expected one of alice; ask her"
    )
    tale.answered("alice", "approve", "looks | good")
    for host in HOSTS:
        tale.live(host, NEW, OLD)
        tale.checked(host)
    return tale.ended("live", "2.4.1 is live on 3 hosts")


def undone() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    tale.answered("alice", "approve")
    tale.live("web-1", NEW, OLD)
    tale.checked("web-1", passed=False, said=UNWELL, seconds=10)
    tale.live("web-1", OLD, NEW, undo=True)
    tale.checked("web-1")
    said = f"{UNWELL}\nPut back to what was live before: web-1"
    return tale.ended("undone", said)


def left_out() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    for host in HOSTS:
        tale.live(host, NEW, OLD)
        tale.checked(host, passed=host != "web-2", said=UNWELL.replace("web-1", host) * (host == "web-2"))
        if host == "web-2":
            tale.live(host, OLD, NEW, undo=True)
            tale.checked(host)
    return tale.ended("live", "")


def left_out_by_a_person() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    tale.live("web-1", NEW, OLD)
    tale.checked("web-1")
    away = "web-2: connecting to 10.0.0.2 failed, expected an SSH server"
    tale.step("go-live", "web-2", 5, failed=True, said=away)
    broke = "2.4.1 could not go live on 1 of 3 hosts"
    asked = {"place": "go-live/2", "number": 1}
    until = (START + timedelta(hours=1)).isoformat()
    tale.then(0, "trouble.asked", {**asked, "said": f"{broke} (web-2)", "until": until, "otherwise": "undo"})
    answer = {**asked, "broke": broke, "proved": False}
    for who, counted, said in (
        ("eve", False, "'eve' may not answer: expected one of ada; ask one of them"),
        ("ada", True, "ada answered 'leave out': it is being | repaired"),
    ):
        body = {**answer, "who": who, "decision": "leave out", "comment": "it is being | repaired"}
        tale.then(300, "trouble.answered", {**body, "counted": counted, "said": said}, actor=who)
    place = {"application": "storefront", "environment": "production", "target": "web", "host": "web-2"}
    note = {"version": "2.4.1", "live": OLD, "place": "go-live/2", "why": away, "by": "ada"}
    tale.then(0, "host.left_out", {**place, **note, "comment": "it is being | repaired"}, actor="ada")
    tale.live("web-3", NEW, OLD)
    tale.checked("web-3")
    return tale.ended("live", "")


def not_put_back() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    tale.live("web-1", NEW, OLD)
    tale.live("web-2", NEW, OLD)
    tale.checked("web-1", passed=False, said=UNWELL, seconds=10)
    tale.live("web-1", OLD, NEW, undo=True)
    tale.step("undo", "web-2", 5, failed=True, said="web-2: the connection broke, expected an answer")
    said = f"{UNWELL}\nPut back to what was live before: web-1, NOT put back, or not seen to be: "
    return tale.ended(
        "undone", f"{said}look at these hosts:\nweb-2: the connection broke, expected an answer"
    )


def rejected() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    tale.answered("bob", "reject", "support is not told yet")
    for host in HOSTS:
        tale.step("remove", host, 1)
    return tale.ended("rejected", "bob rejected it")


def by_group() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    subject = dict.fromkeys(("artifact", "configuration", "plan", "intent", "window"), "ab" * 32)
    gate = {"gate": "business", "plan_digest": PLAN, "subject": subject}
    rest = {**gate, "decision": "approve", "comment": "", "proved": True, "counted": True, "said": ""}
    for number, (who, groups) in enumerate((("bob", ["ops"]), ("alice", ["product"])), 1):
        tale.then(0, "approval.asked", gate)
        key = {"question": f"approval-business-{number}"}
        tale.then(300, "approval.answered", {**rest, **key, "approver": who, "groups": groups}, actor=who)
        if who == "bob":
            said = "the approval of bob at 'business' has expired at 2026-11-23 18:07 UTC"
            tale.then(60, "approval.void", {**gate, "answers": [key["question"]], "said": said}, "nobody")
    refused = {**gate, "deed": "answer", "said": "the stamp of this answer is forged"}
    tale.then(9, "stamp.refused", refused, "nobody")
    tale.then(
        0, "approval.escalated", {**gate, "said": "'business' waits for 1 h; duty may answer"}, "nobody"
    )
    tale.then(0, "approval.asked", gate)
    last = {**rest, "question": "approval-business-4", "approver": "eve", "groups": ["duty"]}
    tale.then(60, "approval.answered", last, actor="eve")
    for host in HOSTS:
        tale.live(host, NEW, OLD)
        tale.checked(host)
    return tale.ended("live", "")


def expired() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    gate = {"gate": "business", "plan_digest": PLAN}
    tale.then(0, "approval.asked", gate)
    tale.then(3600, "approval.reminded", {**gate, "said": "'business' waits for 1 h"}, "nobody")
    tale.then(0, "approval.asked", gate)
    said = "nobody else has answered at 'business' since 2026-11-23 18:01 UTC"
    tale.then(3600, "approval.expired", {**gate, "said": said}, "nobody")
    for host in HOSTS:
        tale.step("remove", host, 1)
    return tale.ended("expired", "")


def held() -> list[Event]:
    tale = Tale()
    tale.built()
    tale.planned()
    tale.deployed()
    why = "it waits, as it is frozen until 2026-11-24 06:00 UTC (Year | end), which only ops may override; "
    then = "the next moment at which it may ship is 2026-11-24 06:00 UTC"
    tale.then(1, "release.held", {"place": "go-live/1", "said": why + then, "on": "ops", "reasons": []})
    answer = {"place": "go-live/1", "decision": "ship anyway", "proved": False}
    refused = {**answer, "who": "eve", "comment": "", "counted": False, "said": "'eve' may not override it"}
    tale.then(60, "hold.answered", refused, actor="eve")
    said = {**answer, "who": "ops", "comment": "it burns", "counted": True}
    said["said"] = "ops overrode the freeze 'Year | end': it burns"
    freeze = {"freeze": "1f2e", "title": "Year | end", "owner": "ops", "until": "2026-11-24T06:00:00+00:00"}
    tale.then(600, "freeze.overridden", {**said, **freeze}, actor="ops")
    tale.then(0, "hold.answered", said, actor="ops")
    tale.then(9, "release.let_go", {"place": "go-live/1", "held": 9, "said": why + then})
    for host in HOSTS:
        tale.live(host, NEW, OLD)
        tale.checked(host)
    return tale.ended("live", "2.4.1 is live on 3 hosts")


def build_failed() -> list[Event]:
    tale = Tale()
    tale.step("build", None, 12, failed=True)
    said = "build: 'make dist' exited with 2; its last lines:\n  | ``` <b>\n  | make: *** [dist] Error 1"
    return tale.ended("failed", said)


def canary() -> list[Event]:
    tale = Tale()
    tale.built()
    now = [{"target": "api", "host": "api", "live": OLD}]
    tale.planned(now=now, batches=[{"number": 1, "hosts": ["api"]}])
    tale.step("deploy", "api", 6)
    step = {"target": "api", "host": "api", "of": 2, "soak": 300.0, "version": "2.4.1", "release_name": NEW}
    for number, weight, state, said in (
        (1, 10, "no worse", "errors: 1 of 4,100 requests (0.02 %) against 9 of 36,900 (0.02 %) of 2.4.0"),
        (
            2,
            50,
            "worse",
            "errors: 700 of 20,000 requests (3.5 %) against 5 of 20,000 (0.025 %) of 2.4.0; worse",
        ),
    ):
        tale.step("shift", "api", 1)
        tale.then(0, "canary.shifted", {**step, "step": number, "weight": weight})
        passed = state == "no worse"
        compared = {"target": "api", "host": "api", "step": number, "comparison": "errors"}
        tale.then(300, "canary.compared", {**compared, "passed": passed, "state": state, "said": said})
        if passed:
            tale.then(0, "canary.passed", {**step, "step": number, "weight": weight})
    why = f"api: {said}"
    tale.then(0, "release.undoing", {"why": why})
    tale.live("api", OLD, NEW, undo=True)
    return tale.ended("undone", f"{why}\nPut back to what was live before: api")


def first_release() -> list[Event]:
    tale = Tale()
    tale.built(previous=None)
    tale.planned(previous=None)
    tale.deployed()
    for host in HOSTS:
        tale.live(host, NEW, None)
        tale.checked(host)
    return tale.ended("live", "2.4.1 is live on 3 hosts")


def rollback() -> list[Event]:
    tale = Tale(flow="rollback", version="2.4.0")
    tale.planned(NEW, kind="rollback", subject={"application": "storefront", "version": "2.4.0"})
    for host in HOSTS:
        tale.live(host, OLD, NEW)
        tale.checked(host)
    return tale.ended("live", "2.4.0 is live on 3 hosts")


CASES: dict[str, Callable[[], list[Event]]] = {
    "good": good,
    "undone": undone,
    "left-out": left_out,
    "left-out-by-a-person": left_out_by_a_person,
    "not-put-back": not_put_back,
    "rejected": rejected,
    "by-group": by_group,
    "expired": expired,
    "held": held,
    "build-failed": build_failed,
    "canary": canary,
    "first-release": first_release,
    "rollback": rollback,
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, list[Event]]:
    """Give each case in turn: its name and its events."""
    return request.param, CASES[request.param]()


@pytest.fixture(scope="session")
def cases() -> dict[str, list[Event]]:
    """Give all cases."""
    return {name: events() for name, events in CASES.items()}


@pytest.fixture(scope="session")
def new_tale() -> Callable[..., Tale]:
    """Begin a release whose events the test makes."""
    return Tale
