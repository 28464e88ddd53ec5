"""The example of a load balancer: valid, planned, and carried from the plan to live and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sendoff import catalog
from sendoff.artifact.manifest import Artifact
from sendoff.cli.plan import read_facts
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState
from sendoff.plan.render import as_text
from sendoff.store import ArtifactStore
from sendoff.targets.opening import open_in_cloud
from tests.kit.emulators import Ministack, Moto
from tests.kit.functions import KEY
from tests.sendoff.targets.load_balancer.place import ACCESS, OverEcs

Build = Callable[..., Artifact]
Here = Callable[..., catalog.Loaded]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "balancer"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_plan(loaded: catalog.Loaded, build: Build, environment: str) -> None:
    """A load balancer is planned as one, that takes a release without traffic, and is switched at once."""
    artifact = build("2")
    facts = [HostState(target="front", host="front", live="1-0123456789ab")]
    text = as_text(make_release_plan(loaded.file, loaded.digest, environment, artifact, facts), {})
    assert "look whether 1 load balancer can take it" in text
    assert "put 2 on 1 load balancer, without traffic" in text
    assert "go live on front (batch 1 of 1)" in text
    assert "switch front back to 1" in text
    assert ("on the hosts behind front after they switch" in text) is (environment == "staging")
    assert ("check" in text.partition("go live on")[0]) is (environment == "production")


@pytest.fixture
def place(moto: Moto, ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[OverEcs]:
    monkeypatch.setattr("sendoff.targets.load_balancer.backing.EVERY", 0.05)
    made = OverEcs(moto, monkeypatch, ministack)
    yield made
    made.close()


@pytest.mark.aws
@pytest.mark.xdist_group("aws-balancer")
def test_from_the_plan_to_live_and_back(
    place: OverEcs,
    here: Here,
    build: Build,
    store: ArtifactStore,
) -> None:
    """`sendoff plan` sees what is live with the credentials here; what it plans is done, and undone."""
    mine = here(KEY, place.described(address="shop.example"))
    (target,) = mine.file.environment("production").targets
    first, second = build("1"), build("2")
    assert read_facts(mine, "production") == [HostState(target="front", host="front", live=None)]
    for number, artifact in enumerate((first, second), start=1):
        plan = make_release_plan(
            mine.file, mine.digest, "production", artifact, read_facts(mine, "production")
        )
        opened = open_in_cloud(target, ACCESS, f"run-{number}", number)  # type: ignore[arg-type]
        host = opened.host(plan.batches[0].hosts[0])
        assert host.facts().obstacle is None
        assert host.deploy(artifact, store).changed
        assert host.switch(plan.subject.release_name).changed
        assert not host.prune(target.keep, frozenset()).changed
        opened.close()
    assert plan.previous("front") == first.release_name
    opened = open_in_cloud(target, ACCESS, "run-2", 2)  # type: ignore[arg-type]
    assert opened.host("front").switch(first.release_name).changed
    opened.close()
    assert place.weights() == {"blue": 0, "green": 100}
    (state,) = read_facts(mine, "production")
    assert state.live == first.release_name
