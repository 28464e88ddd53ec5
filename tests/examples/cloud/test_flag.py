"""The example of a pointer and flags: valid, planned, and carried from the plan to live and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sendoff import catalog
from sendoff.artifact.manifest import Artifact
from sendoff.cli.plan import read_facts
from sendoff.objects.s3.address import Access
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState
from sendoff.plan.render import as_text
from sendoff.spec.cloud import CloudTarget
from sendoff.store import ArtifactStore
from sendoff.targets.configuration import rollout
from sendoff.targets.opening import open_in_cloud
from tests.kit.emulators import Ministack
from tests.kit.functions import KEY

Build = Callable[..., Artifact]
Here = Callable[..., catalog.Loaded]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "flag"


def test_plan(loaded: catalog.Loaded, build: Build) -> None:
    """Flags and pointer are planned as one host each, which go live one after the other."""
    facts = [HostState(target=name, host=name, live="1-0123456789ab") for name in ("flags", "pointer")]
    plan = make_release_plan(loaded.file, loaded.digest, "production", build("2"), facts)
    assert [step.id for step in plan.steps] == [
        "preflight",
        "deploy",
        "approve/product-owner",
        "go-live/1",
        "go-live/2",
        "prune",
    ]
    text = as_text(plan, {})
    assert "go live on flags (batch 1 of 2)" in text
    assert "switch pointer back to 1" in text


def in_emulator(server: Ministack) -> dict[str, Any]:
    """Make what the flags need in AppConfig, and tell what it is called there."""
    client = server.client("appconfig")
    application = client.create_application(Name="shop")["Id"]
    environment = client.create_environment(ApplicationId=application, Name="production")["Id"]
    profile = client.create_configuration_profile(
        ApplicationId=application, Name="flags", LocationUri="hosted"
    )["Id"]
    strategy = client.create_deployment_strategy(
        Name="at once", DeploymentDurationInMinutes=0, FinalBakeTimeInMinutes=0, GrowthFactor=100.0
    )["Id"]
    return {
        "application_id": application,
        "environment_id": environment,
        "profile_id": profile,
        "strategy_id": strategy,
        "undo_strategy_id": strategy,
    }


@pytest.mark.aws
@pytest.mark.xdist_group("aws-pointers")
def test_from_the_plan_to_live_and_back(
    ministack: Ministack,
    here: Here,
    build: Build,
    store: ArtifactStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`sendoff plan` sees what is live with the credentials here; what it plans is done, and undone."""
    ministack.reset()
    place = {"endpoint": ministack.endpoint}
    mine = here(KEY, {**place, **in_emulator(ministack)}, place)
    monkeypatch.setattr(rollout, "PAUSE", 0.01)
    changed = tmp_path / "next"
    changed.mkdir()
    (changed / "flags.json").write_text("{}")
    artifacts = build("1"), build("2", changed)
    for number, artifact in enumerate(artifacts, start=1):
        facts = read_facts(mine, "production")
        plan = make_release_plan(mine.file, mine.digest, "production", artifact, facts)
        release(mine, artifact, store, number)
    old, new = (artifact.release_name for artifact in artifacts)
    assert {plan.previous(name) for name in ("flags", "pointer")} == {old}
    assert {each.live for each in read_facts(mine, "production")} == {new}
    value = ministack.client("ssm").get_parameter(Name="/shop/production/flags")["Parameter"]["Value"]
    assert value == "2"
    for target in mine.file.environment("production").targets:
        assert isinstance(target, CloudTarget)
        host = open_in_cloud(target, Access(), "run-2", 2).host(target.name)
        assert host.switch(old).changed
    assert {each.live for each in read_facts(mine, "production")} == {old}


def release(mine: catalog.Loaded, artifact: Artifact, store: ArtifactStore, number: int) -> None:
    """Deploy to all targets, then go live on each."""
    hosts = []
    for target in mine.file.environment("production").targets:
        assert isinstance(target, CloudTarget)
        hosts.append(open_in_cloud(target, Access(), f"run-{number}", number).host(target.name))
    for host in hosts:
        assert host.facts().obstacle is None
        assert host.deploy(artifact, store).changed
    for host in hosts:
        assert host.switch(artifact.release_name).changed
