"""A plan can be read in a terminal and above a form, and as JSON it is what its digest is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.plan.make import make_release_plan, make_rollback_plan, preview
from sendoff.plan.models import HostState, Plan, Unbuilt
from sendoff.plan.render import UNKNOWN, as_json, as_markdown, as_text, total
from sendoff.spec.models import ReleaseFile

Files = Callable[..., ReleaseFile]
Facts = Callable[..., list[HostState]]

GATE = {"kind": "approval", "name": "business", "approvers": ["alice"]}
LIVE = {"kind": "http", "name": "health", "url": "http://{address}/health", "body": "a|b"}
PAST = {"preflight": 1.0, "deploy": 31.0, "go-live": 4.0, "prune": 1.0}


@pytest.fixture
def plan(release_file: Files, artifact: Artifact, facts: Facts) -> Plan:
    """Plan a release with all there is, on a host of which nothing was live."""
    commands = {"before": [["bin/migrate", "|", "`x`"]]}
    file = release_file(commands=commands, gates=[GATE], checks=[LIVE])
    return make_release_plan(file, "cf", "production", artifact, facts(web_3=None))


def test_json_is_what_the_digest_is_made_of(plan: Plan) -> None:
    """Anybody can check the digest with a tool of their own."""
    assert hashlib.sha256(as_json(plan).encode()).hexdigest() == plan.digest


def test_the_terminal_shows_now_and_then(plan: Plan) -> None:
    """What is live where, since when, and what would be."""
    text = as_text(plan, {}, {"web-1": datetime(2026, 11, 23, 18, 5, tzinfo=UTC)})
    assert "  web-1   2.4.0 (since 2026-11-23 18:05 UTC)  2.4.1\n" in text
    assert "  web-3   nothing                             2.4.1\n" in text


def test_when_it_may_ship_is_shown(plan: Plan) -> None:
    """Before the steps; nothing where it always may."""
    when = ("window: mon | tue (UTC)", "it may ship now")
    text = as_text(plan, {}, when=when)
    assert "\n\nWhen\n  window: mon | tue (UTC)\n  it may ship now\n\nSteps\n" in text
    assert "### When\n\n- window: mon \\| tue (UTC)\n- it may ship now\n" in as_markdown(plan, {}, when)
    assert "When\n" not in as_text(plan, {}) + as_markdown(plan, {})


def test_the_terminal_shows_each_step_with_its_undo(plan: Plan) -> None:
    """Order, what is done, how it is undone, how long."""
    text = as_text(plan, PAST)
    assert "  4. go live on web-1 (batch 1 of 4)\n       run" in text
    assert text.count("       undo: ") == len(plan.steps)
    assert "expected: about 31 s, from past releases" in text
    assert "approval 'business'\n       asks 1 of alice" in text


def test_code_and_digest_are_shown_everywhere(plan: Plan) -> None:
    """What people compare is on the page."""
    for shown in (as_text(plan, {}), as_markdown(plan, {})):
        assert f"plan code {plan.code}, digest {plan.digest}" in shown


def test_the_point_beyond_a_switch_is_shown(plan: Plan) -> None:
    """The one thing that nobody may overlook."""
    assert f"Undo means more than a switch: {plan.beyond_switch}" in as_text(plan, {})
    assert "**Undo means more than a switch:** from go-live/1" in as_markdown(plan, {})


@pytest.mark.parametrize(
    ("durations", "said"),
    [
        ({}, f"{UNKNOWN}, and as long as people take to approve"),
        (PAST, "about 49 s, from past releases, and as long as people take to approve"),
        ({"deploy": 31.0}, "at least 31 s, from past releases, and as long as people take to approve"),
        (
            {**PAST, "go-live/1": 14.0},
            "about 59 s, from past releases, and as long as people take to approve",
        ),
    ],
)
def test_the_total_says_how_much_is_known(plan: Plan, durations: dict[str, float], said: str) -> None:
    """Known steps add up, unknown ones are admitted, a step's own history goes before its action's."""
    assert total(plan, durations) == said


def test_markdown_has_a_numbered_step_with_bullets(plan: Plan) -> None:
    """Long texts wrap in a list; in a table they would run out of the page."""
    lines = as_markdown(plan, PAST).splitlines()
    start = lines.index("4. **Go live on web-1 (batch 1 of 4)**")
    assert lines[start + 2 : start + 5] == [
        "    - Switch to 2.4.1",
        "    - Check health",
        "    - Undo: switch web-1 back to 2.4.0",
    ]
    assert "    - Undo: not needed: it only looks" in lines


def test_markdown_shows_commands_as_code(plan: Plan) -> None:
    """Pipes and backticks from a release file stay what they are."""
    assert "    - Run `` bin/migrate '|' '`x`' `` before the switch" in as_markdown(plan, PAST).splitlines()


def test_markdown_lists_gates_and_checks(plan: Plan) -> None:
    """A bullet each, with addresses as code."""
    text = as_markdown(plan, {})
    assert "- **Gate business:** asks 1 of alice" in text
    assert "- **Check health:** `http://{address}/health` answers with status 200 and has `a|b` in" in text


def test_a_rollback_says_so(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """Going back is not called a release."""
    plan = make_rollback_plan(release_file(), "cf", "production", artifact, facts())
    assert as_text(plan, {}).startswith("Roll storefront in production back to 2.4.1\n")


def test_a_preview_has_no_code(release_file: Files, facts: Facts) -> None:
    """What is not built cannot be agreed to."""
    unbuilt = Unbuilt(application="storefront", version="2.4.1", commit="c0ffee" * 6)
    text = as_text(preview(release_file(), "cf", "production", unbuilt, facts()), {})
    assert "not built yet: it will be built from commit c0ffeec0ffee first" in text
    assert "no plan code: there is one once the version is built" in text


def test_a_host_that_has_it_already_stays(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """A host on which it is live is not said to change."""
    live = artifact.release_name
    plan = make_release_plan(release_file(), "cf", "production", artifact, facts(web_1=live))
    assert "  web-1   2.4.1  stays as it is\n" in as_text(plan, {})
