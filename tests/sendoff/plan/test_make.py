"""A plan says all that will happen, and the same inputs make the same plan on any machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused
from sendoff.plan.make import make_release_plan, make_rollback_plan, preview
from sendoff.plan.models import HostState, Plan, Unbuilt
from sendoff.plan.render import as_json
from sendoff.spec.models import ReleaseFile

FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
Files = Callable[..., ReleaseFile]
Facts = Callable[..., list[HostState]]

DARK = {"kind": "command", "name": "starts", "command": ["bin/check"], "when": "dark"}
LIVE = {"kind": "http", "name": "health", "url": "http://{address}/health"}
GATE = {"kind": "approval", "name": "business", "approvers": ["alice", "bob"]}
FULL = {"checks": [DARK, LIVE], "gates": [GATE]}
GOLDEN = "be8aa1c7efbc2d8294b9d248573c2bd7d52f164988916d4c3a3c4cb413a18754"
MAKE = """
import json, sys
from sendoff.artifact.manifest import Artifact
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState
from sendoff.spec.models import ReleaseFile
file, artifact, facts = json.load(sys.stdin)
states = [HostState.model_validate(each) for each in facts]
made = (ReleaseFile.model_validate(file), "cf", "production", Artifact.model_validate(artifact), states)
print(make_release_plan(*made).digest)
"""


def test_the_steps_of_a_release_are_in_order(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """First all that gets no traffic, then people, then traffic batch by batch."""
    plan = make_release_plan(release_file(batch=2, **FULL), "cf", "production", artifact, facts())
    assert [step.id for step in plan.steps] == [
        "preflight",
        "deploy",
        "check-dark",
        "approve/business",
        "go-live/1",
        "go-live/2",
        "go-live/3",
        "prune",
    ]
    assert plan.steps[4].hosts == ("web-1", "web-2")
    assert plan.steps[4].does == ("switch to 2.4.1", "check health")


def test_a_fleet_at_a_site(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """Where a site's own worker does it, the plan says so; other plans stay what they were."""
    file = release_file()
    web, jobs = file.environments[0].targets
    far = file.environments[0].model_copy(
        update={"targets": (web, jobs.model_copy(update={"site": "berlin"}))}
    )
    plan = make_release_plan(
        file.model_copy(update={"environments": (far,)}), "cf", "production", artifact, facts()
    )
    titles = [step.title for step in plan.steps if step.action == "go-live"]
    assert titles[2:] == ["go live on web-3 (batch 3 of 4)", "go live on jobs-1 at berlin (batch 4 of 4)"]


def test_there_is_no_step_without_something_to_do(
    release_file: Files, artifact: Artifact, facts: Facts
) -> None:
    """Without dark checks and gates there are no steps for them."""
    plan = make_release_plan(release_file(), "cf", "production", artifact, facts())
    assert {step.action for step in plan.steps} == {"preflight", "deploy", "go-live", "prune"}


def test_commands_stand_around_the_switch(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """What is run is named in the plan, in order."""
    commands = {"before": [["bin/migrate", "up now"]], "after": [["bin/reload"]]}
    plan = make_release_plan(release_file(commands=commands), "cf", "production", artifact, facts())
    step = next(step for step in plan.steps if step.id == "go-live/1")
    assert [what.split(" ")[0] for what in step.does] == ["run", "switch", "run"]
    assert "'up now'" in step.does[0]
    assert step.undo == "switch web-1 back to 2.4.0 and run the after commands there"


@pytest.mark.parametrize(
    ("live", "undo"),
    [
        ("2.3.0-000000000000", "switch web-1 back to 2.3.0"),
        (None, "take it away from web-1: nothing was live before"),
        ("2.4.1-abababababab", "nothing to undo on web-1: 2.4.1 is live there already"),
    ],
)
def test_undo_depends_on_what_was_live(
    release_file: Files, artifact: Artifact, facts: Facts, live: str | None, undo: str
) -> None:
    """Each host goes back to what it had."""
    plan = make_release_plan(release_file(), "cf", "production", artifact, facts(web_1=live))
    assert next(step for step in plan.steps if step.id == "go-live/1").undo == undo


def test_undo_of_a_mixed_batch_names_each_group(
    release_file: Files, artifact: Artifact, facts: Facts
) -> None:
    """Hosts of one batch may go back to different releases."""
    plan = make_release_plan(release_file(batch=3), "cf", "production", artifact, facts(web_2=None))
    undo = next(step for step in plan.steps if step.id == "go-live/1").undo
    assert undo == ("switch web-1, web-3 back to 2.4.0; take it away from web-2: nothing was live before")


@pytest.mark.parametrize(
    ("commands", "named"),
    [
        ({"before": [["bin/migrate"]]}, "'bin/migrate' before the switch"),
        ({"after": [["bin/reload"]]}, "'bin/reload' after it"),
    ],
)
def test_the_first_batch_with_commands_is_beyond_a_switch(
    release_file: Files, artifact: Artifact, facts: Facts, commands: dict[str, list[list[str]]], named: str
) -> None:
    """Commands may have changed what a switch does not change back."""
    plan = make_release_plan(release_file(commands=commands), "cf", "production", artifact, facts())
    assert plan.beyond_switch is not None
    assert plan.beyond_switch.startswith("from go-live/1 (web-1) on")
    assert named in plan.beyond_switch


def test_without_commands_a_switch_undoes_all(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """There is no such point when nothing but links is changed."""
    assert make_release_plan(release_file(), "cf", "production", artifact, facts()).beyond_switch is None


def test_a_rollback_only_switches(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """Nothing is built, nobody is asked, and only live checks are made."""
    plan = make_rollback_plan(release_file(**FULL), "cf", "production", artifact, facts())
    assert plan.kind == "rollback"
    assert (plan.gates, plan.checks) == ((), ("health",))
    assert {step.action for step in plan.steps} == {"preflight", "go-live"}


def test_a_rollback_deploys_only_where_the_release_is_gone(
    release_file: Files, artifact: Artifact, facts: Facts
) -> None:
    """A host that pruned it gets it again, in the order of the file."""
    missing = ["jobs-1", "web-2"]
    plan = make_rollback_plan(release_file(), "cf", "production", artifact, facts(), missing=missing)
    assert [step.hosts for step in plan.steps if step.action == "deploy"] == [("web-2", "jobs-1")]


def test_a_rollback_refuses_unknown_hosts(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """Hosts said to miss the release must be hosts of the environment."""
    with pytest.raises(PolicyRefused, match="db-9 said to miss"):
        make_rollback_plan(release_file(), "cf", "production", artifact, facts(), missing=["db-9"])


def test_an_artifact_of_another_application_is_refused(
    release_file: Files, artifact: Artifact, facts: Facts
) -> None:
    """An artifact belongs to one application."""
    other = artifact.model_copy(update={"application": "billing"})
    with pytest.raises(PolicyRefused, match="another application"):
        make_release_plan(release_file(), "cf", "production", other, facts())


def test_a_preview_builds_first(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """Before a version is built, the plan is the same but for a build step."""
    file = release_file(**FULL)
    unbuilt = Unbuilt(application="storefront", version="2.4.1", commit="c0ffee" * 6)
    seen = preview(file, "cf", "production", unbuilt, facts())
    assert "commit c0ffeec0ffee first" in seen.steps[0].title
    assert seen.steps[1:] == make_release_plan(file, "cf", "production", artifact, facts()).steps


@FIXTURES
@given(seed=st.permutations(range(4)))
def test_the_order_of_facts_does_not_matter(
    release_file: Files, artifact: Artifact, facts: Facts, seed: list[int]
) -> None:
    """Hosts answer in any order; the plan is the same."""
    given_facts = facts()
    mixed = [given_facts[index] for index in seed]
    plans = [
        make_release_plan(release_file(), "cf", "production", artifact, each) for each in (given_facts, mixed)
    ]
    assert plans[0].digest == plans[1].digest


@FIXTURES
@given(
    what=st.sampled_from(["config", "artifact", "web_1", "jobs_1"]),
    new=st.text("0123456789abcdef", min_size=64, max_size=64).filter(lambda text: text != "ab" * 32),
)
def test_any_change_makes_another_plan(
    release_file: Files, artifact: Artifact, facts: Facts, what: str, new: str
) -> None:
    """An approval of one plan is never one of another."""
    config = new if what == "config" else "cf"
    other = artifact.model_copy(update={"digest": new}) if what == "artifact" else artifact
    live = {what: f"2.4.0-{new[:11]}x"} if what in ("web_1", "jobs_1") else {}
    before = make_release_plan(release_file(), "cf", "production", artifact, facts())
    after = make_release_plan(release_file(), config, "production", other, facts(**live))
    assert before.digest != after.digest


def test_the_digest_is_the_one_it_always_was(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """A change of the canonical form voids every approval under way: make it knowingly, then change this."""
    plan = make_release_plan(release_file(**FULL), "cf" * 32, "production", artifact, facts())
    assert plan.digest == GOLDEN


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_makes_the_same_digest(
    release_file: Files, artifact: Artifact, facts: Facts, seed: str
) -> None:
    """Neither the process nor its hash seed matters."""
    file, states = release_file(**FULL), facts()
    inputs = [each.model_dump(mode="json") for each in (file, artifact)]
    told = subprocess.run(
        [sys.executable, "-c", MAKE],
        input=json.dumps([*inputs, [state.model_dump() for state in states]]),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == make_release_plan(file, "cf", "production", artifact, states).digest


def test_a_plan_survives_json(release_file: Files, artifact: Artifact, facts: Facts) -> None:
    """What is stored in the ledger is the plan."""
    plan = make_release_plan(release_file(**FULL), "cf", "production", artifact, facts())
    assert Plan.model_validate_json(as_json(plan)) == plan
