"""The example of a function: valid, planned, and carried from the plan to live and back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sendoff import catalog
from sendoff.artifact.manifest import Artifact
from sendoff.checks import run_check
from sendoff.cli.plan import read_facts
from sendoff.objects.s3.address import Access
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState
from sendoff.plan.render import as_text
from sendoff.store import ArtifactStore
from sendoff.targets.function import api
from sendoff.targets.function.function import open_target
from sendoff.targets.opening import open_described
from tests.kit.emulators import REGION, Ministack
from tests.kit.functions import KEY, PAUSE, Functions, functions_in

Build = Callable[..., Artifact]
Here = Callable[..., catalog.Loaded]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "function"


def test_plan(loaded: catalog.Loaded, build: Build) -> None:
    """A function is planned as one host, is invoked before it is live, and is undone by the alias."""
    artifact = build("2")
    facts = [HostState(target="prices", host="prices", live="1-0123456789ab")]
    plan = make_release_plan(loaded.file, loaded.digest, "production", artifact, facts)
    assert [step.id for step in plan.steps] == [
        "preflight",
        "deploy",
        "check-dark",
        "approve/seller",
        "go-live/1",
        "prune",
    ]
    told = as_text(plan, {})
    assert "give it 10 % of the traffic, and watch it for 15 min" in told
    assert "at each step, compare errors with the release before; undo if it is worse" in told
    assert "switch prices back to 1" in told


@pytest.fixture
def function(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Functions]:
    """A function in the emulator, with an alias at what somebody made by hand."""
    monkeypatch.setattr(api, "PAUSE", PAUSE)
    with functions_in(ministack) as made:
        made.client.update_function_configuration(FunctionName=made.name, Handler="handler.handler")
        yield made


@pytest.mark.aws
@pytest.mark.xdist_group("aws-function")
def test_from_the_plan_to_live_and_back(
    function: Functions,
    here: Here,
    build: Build,
    store: ArtifactStore,
    tmp_path: Path,
) -> None:
    """`sendoff plan` sees what is live with the credentials here; what it plans is done, and undone."""
    place = {"function": function.name, "endpoint": function.emulator.endpoint, "region": REGION}
    mine = here(KEY, place)
    production = mine.file.environment("production")
    (target,) = production.targets
    shutil.copytree(EXAMPLE / "app", tmp_path / "next")
    (tmp_path / "next" / "more.py").write_text("MORE = True\n")
    first, second = build("1"), build("2", tmp_path / "next")
    assert read_facts(mine, "production") == [HostState(target="prices", host="prices", live=None)]
    for number, artifact in enumerate((first, second), start=1):
        facts = read_facts(mine, "production")
        plan = make_release_plan(mine.file, mine.digest, "production", artifact, facts)
        with open_target(target, Access(), by=f"run-{number}", token=number) as opened:
            host = opened.host(plan.batches[0].hosts[0])
            assert host.facts().obstacle is None
            assert host.deploy(artifact, store).changed
            for check in production.checks:
                result = run_check(
                    check,
                    "prices",
                    {},
                    host,
                    release=artifact.release_name,
                    clock=time.monotonic,
                    sleep=time.sleep,
                )
                assert result.passed, result.said
            assert host.switch(plan.subject.release_name).changed
            assert not host.prune(target.keep, frozenset()).changed
    previous = plan.previous("prices")
    assert previous == first.release_name
    with open_target(target, Access(), by="run-2", token=2) as opened:
        assert opened.host("prices").switch(previous).said == (
            f"{first.release_name} is live, before: {second.release_name}"
        )
    looking = open_described(mine.file, target, tmp_path, "plan")
    assert looking.host("prices").facts().live == first.release_name
    looking.close()
