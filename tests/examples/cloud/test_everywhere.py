"""The example of hosts, a site and a function in one release: valid, and planned in that order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sendoff import catalog
from sendoff.artifact.manifest import Artifact
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState
from sendoff.plan.render import as_text

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "everywhere"


def test_plan(loaded: catalog.Loaded, build: Callable[..., Artifact]) -> None:
    """All of them take it before any goes live; the function comes last, with its canary."""
    places = [("web", "web-1"), ("web", "web-2"), ("pages", "pages"), ("prices", "prices")]
    facts = [HostState(target=target, host=host, live="1-0123456789ab") for target, host in places]
    artifact = build("2", EXAMPLE)
    plan = make_release_plan(loaded.file, loaded.digest, "production", artifact, facts)
    assert [step.id for step in plan.steps] == [
        "preflight",
        "deploy",
        "check-dark",
        "go-live/1",
        "go-live/2",
        "go-live/3",
        "prune",
    ]
    assert [batch.hosts for batch in plan.batches] == [("web-1", "web-2"), ("pages",), ("prices",)]
    text = as_text(plan, {})
    assert "give it 20 % of the traffic, and watch it for 10 min" in text
    assert "switch prices back to 1" in text
