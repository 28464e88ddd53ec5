"""What one process asks of another at a site: a step, the hosts, and what else it needs, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.model import Frozen
from sendoff.plan.models import Plan
from sendoff.spec.words import Name
from tasks.run import Run

HostKey = tuple[str, str]


class Order(Frozen):
    """Small, and without secrets: who carries it out reads the ledger, the store and the blocks itself."""

    run: str = Field(description="The id of the release's run")
    number: int = Field(description="The number under which it holds its environment; 0 when it has none")
    site: Name = Field(description="The site whose worker does it")
    step: str = Field(description="The step, such as 'deploy to'")
    hosts: dict[str, tuple[str, ...]] = Field(description="The hosts, by target")
    inputs: dict[str, str] = Field({}, description="What else the step needs, by name or digest")
    again: bool = Field(False, description="Whether it is done also where this run has done it before")

    @property
    def keys(self) -> list[HostKey]:
        """List the hosts, each with its target's name."""
        return [(target, host) for target, hosts in self.hosts.items() for host in hosts]


def in_words(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Name what a step is given; the ledger has it under that name."""
    return {name: each if isinstance(each, str) else each.digest for name, each in inputs.items()}


def from_words(run: Run, words: Mapping[str, str]) -> dict[str, Any]:
    """Find what was named."""
    finders = {"plan": _plan, "artifact": _artifact}
    return {name: finders[name](run, word) if name in finders else word for name, word in words.items()}


def _plan(run: Run, digest: str) -> Plan:
    for event in run.ledger.events(run.id, ("release.planned",)):
        if event.body["plan_digest"] == digest:
            return Plan.model_validate(event.body["plan"])
    raise _lacks(run, f"plan {digest[:8]}")


def _artifact(run: Run, digest: str) -> Artifact:
    built = run.ledger.last(run.id, ("release.built",))
    artifact = built and Artifact.model_validate(built.body["artifact"])
    if artifact and artifact.digest == digest:
        return artifact
    raise _lacks(run, f"artifact {digest[:12]}")


def _lacks(run: Run, what: str) -> StepErrored:
    return StepErrored(f"ledger: has no {what} of run {run.id}, expected it; run `sendoff ledger verify`")
