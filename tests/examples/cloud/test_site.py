"""The example of a static site: valid, planned, and carried from the plan to live and back."""

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
from sendoff.store import ArtifactStore
from sendoff.targets.opening import open_described
from sendoff.targets.s3_site.site import open_target

Build = Callable[..., Artifact]
Here = Callable[..., catalog.Loaded]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "site"


def test_plan(loaded: catalog.Loaded, build: Build) -> None:
    """A site is planned as one host that goes live at once, and is undone by the pointer before."""
    artifact = build("2")
    facts = [HostState(target="pages", host="pages", live="1-0123456789ab")]
    plan = make_release_plan(loaded.file, loaded.digest, "production", artifact, facts)
    assert [step.id for step in plan.steps] == [
        "preflight",
        "deploy",
        "approve/editor",
        "go-live/1",
        "prune",
    ]
    text = as_text(plan, {})
    assert "look whether 1 site can take it" in text
    assert "put 2 on 1 site, without traffic" in text
    assert "go live on pages (batch 1 of 1)" in text
    assert "switch pages back to 1" in text


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_from_the_plan_to_live_and_back(
    s3: Any, here: Here, build: Build, store: ArtifactStore, tmp_path: Path
) -> None:
    """`sendoff plan` sees what is live with the credentials here; what it plans is done, and undone."""
    place = {"bucket": s3.make().name, "endpoint": s3.endpoint, "region": "us-east-1"}
    mine = here(s3.credentials, place)
    (target,) = mine.file.environment("production").targets
    pages = tmp_path / "next"
    pages.mkdir()
    (pages / "index.html").write_text("<h1>Handbook, next</h1>")
    first, second = build("1"), build("2", pages)
    assert read_facts(mine, "production") == [HostState(target="pages", host="pages", live=None)]
    for number, artifact in enumerate((first, second), start=1):
        facts = read_facts(mine, "production")
        plan = make_release_plan(mine.file, mine.digest, "production", artifact, facts)
        with open_target(target, Access(), by=f"run-{number}", token=number) as opened:
            host = opened.host(plan.batches[0].hosts[0])
            assert host.facts().obstacle is None
            assert host.deploy(artifact, store).changed
            assert host.switch(plan.subject.release_name).changed
            assert not host.prune(target.keep, frozenset()).changed
    previous = plan.previous("pages")
    assert previous == first.release_name
    with open_target(target, Access(), by="run-2", token=2) as opened:
        assert opened.host("pages").switch(previous).said == (
            f"{first.release_name} is live, before: {second.release_name}"
        )
    looking = open_described(mine.file, target, tmp_path, "plan")
    assert looking.host("pages").facts().live == first.release_name
    looking.close()
