"""The table: each route once, and who may use it by what it does."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from sendoff.server.roles import RIGHTS, Role, rights
from sendoff.server.routes import NEVER, OPEN, SOCKET, Route, Routes

ROUTES = Routes()
READS = re.compile(r"/(filter|count|history|lateness|paginate|validate|counts|next-runs|concurrency_status)$")
COUNTS = re.compile(
    r"/(count-by/\{countable\}|count-deployments|count-task-runs|latest/count|latest/filter)$"
)
DEEDS = {
    "releaser": {"create_flow_run", "resume", "set_state", "unlock"},
    "approver": {"resume"},
    "viewer": set[str](),
}


def test_known_rights() -> None:
    """Every right in the table is one that somebody has, or a word of the table."""
    known = {right for each in RIGHTS.values() for right in each} | {OPEN, NEVER}
    assert {right for route in ROUTES.all for right in route.rights} <= known


def test_no_two_fit_one_path() -> None:
    """A path is one route: what is asked of one is never asked of another in its place."""
    for one, other in combinations(ROUTES.all, 2):
        example = re.sub(r"\{[^}]*\}", "x", one.template)
        fits = other in ROUTES.matching(one.method, example)
        assert not fits, (one, other)


@pytest.mark.parametrize("role", ["viewer", "releaser", "approver"])
def test_people_change_nothing_but_by_deeds(role: Role) -> None:
    """Beyond reading, a viewer does nothing, an approver answers, a releaser starts, answers and cancels."""
    mine = rights([role], [])
    for route in ROUTES.all:
        if not route.allows(mine) or route.method in ("GET", SOCKET):
            continue
        is_read = READS.search(route.template) or COUNTS.search(route.template)
        assert is_read or route.template.rpartition("/")[2] in DEEDS[role], route


def test_admins_are_not_workers_and_approve_nothing() -> None:
    """What looks like a run's own doing only workers may do; an admin is in a group to approve."""
    assert {"work", "approve"}.isdisjoint(RIGHTS["admin"])
    assert "approve" in rights(["admin"], ["ops"])
    assert {"start", "answer", "approve", "cancel", "unlock", "manage"}.isdisjoint(RIGHTS["worker"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/admin/storage"),
        ("POST", "/flow_runs/bulk_set_state"),
        ("POST", "/deployments/1/create_flow_run/bulk"),
    ],
)
def test_what_nobody_may(method: str, path: str) -> None:
    """Where the results of all workers are, who starts many at once, and who sets states: no role may."""
    everybody = {right for each in RIGHTS.values() for right in each}
    (route,) = ROUTES.matching(method, path)
    assert not route.allows(everybody)


def test_nothing_but_health_is_open() -> None:
    """Without a sign-in nobody learns more than that the server is there."""
    assert {route.template for route in ROUTES.all if route.is_open} == {
        "/health",
        "/ready",
        "/static/{file}",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/moon"),
        ("DELETE", "/health"),
        ("GET", "/flow_runs/a/b/c"),
        ("GET", "//health"),
        ("GET", "/flows"),
        ("OPTIONS", "/flows/filter"),
        ("HEAD", "/version"),
        ("GET", "/static/../flow_runs/1"),
        ("GET", ""),
    ],
)
def test_what_is_not_listed_fits_nothing(method: str, path: str) -> None:
    """Deny by default."""
    assert ROUTES.matching(method, path) == []


def test_a_slash_at_the_end_does_not_matter() -> None:
    """Prefect has it here and there."""
    assert ROUTES.matching("POST", "/flows") == ROUTES.matching("POST", "/flows/")
    assert ROUTES.matching("POST", "/flows")[0] == Route(frozenset({"work", "manage"}), "POST", "/flows/")
