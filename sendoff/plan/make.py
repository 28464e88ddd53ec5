"""Make the plan of a release or of a rollback from configuration, artifact and facts, only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sendoff.artifact.manifest import Artifact
from sendoff.emergency import with_gates_that_hold
from sendoff.errors import PolicyRefused
from sendoff.plan import steps
from sendoff.plan.explain import check_conditions, gate_conditions
from sendoff.plan.ground import Ground, survey
from sendoff.plan.models import HostState, Plan, Preview, Step, Subject, Unbuilt
from sendoff.spec.intent import Emergency
from sendoff.spec.models import ReleaseFile


def make_release_plan(
    file: ReleaseFile,
    config_digest: str,
    environment: str,
    artifact: Artifact,
    facts: Sequence[HostState],
    left_out: Collection[str] = (),
    emergency: Emergency | None = None,
) -> Plan:
    """Plan a release: dark on all hosts, checked, agreed to, then live batch by batch.

    Hosts that are `left_out` stay as they are; an `emergency` skips gates.
    """
    ground = survey(with_gates_that_hold(file, environment, emergency), environment, facts, left_out)
    return Plan(
        subject=_subject(file, artifact),
        steps=_release_steps(ground, artifact.version, artifact.release_name),
        skipped=emergency.skip if emergency else (),
        **_release_parts(ground, config_digest),
    )


def preview(
    file: ReleaseFile, config_digest: str, environment: str, version: Unbuilt, facts: Sequence[HostState]
) -> Preview:
    """Show what the plan of a version that is not built yet would be; it has a build step first."""
    ground = survey(file, environment, facts)
    return Preview(
        subject=version,
        steps=(
            steps.build(version.version, version.commit),
            *_release_steps(ground, version.version, None),
        ),
        **_release_parts(ground, config_digest),
    )


def make_rollback_plan(
    file: ReleaseFile,
    config_digest: str,
    environment: str,
    artifact: Artifact,
    facts: Sequence[HostState],
    missing: Sequence[str] = (),
    left_out: Collection[str] = (),
) -> Plan:
    """Plan the way back by switching only; it is deployed again on the hosts that it is `missing` from."""
    ground = survey(file, environment, facts, left_out)
    if unknown := sorted(set(missing) - set(ground.hosts)):
        raise PolicyRefused(
            f"{file.application} to {environment}: {', '.join(unknown)} said to miss the release, "
            f"expected hosts of {', '.join(ground.hosts)}; name only these"
        )
    gone = tuple(host for host in ground.hosts if host in missing)
    live_checks = [check for check in ground.environment.checks if check.when == "live"]
    return Plan(
        kind="rollback",
        subject=_subject(file, artifact),
        gates=(),
        checks=tuple(check.name for check in live_checks),
        conditions=check_conditions(live_checks),
        steps=(
            steps.preflight(ground),
            *([steps.redeploy(artifact.version, gone)] if gone else []),
            *steps.go_live(ground, artifact.version, artifact.release_name),
        ),
        **_ground_parts(ground, config_digest),
    )


def _release_steps(ground: Ground, version: str, release_name: str | None) -> tuple[Step, ...]:
    return (
        steps.preflight(ground),
        steps.deploy(version, ground),
        *steps.check_dark(ground),
        *steps.approvals(ground),
        *steps.go_live(ground, version, release_name),
        steps.prune(ground),
    )


def _release_parts(ground: Ground, config_digest: str) -> dict[str, Any]:
    environment = ground.environment
    return {
        "kind": "release",
        "gates": environment.gate_names,
        "checks": tuple(check.name for check in environment.checks),
        "conditions": (*gate_conditions(environment), *check_conditions(environment.checks)),
        **_ground_parts(ground, config_digest),
    }


def _ground_parts(ground: Ground, config_digest: str) -> dict[str, Any]:
    return {
        "environment": ground.environment.name,
        "config_digest": config_digest,
        "now": ground.now,
        "batches": ground.batches,
        "beyond_switch": steps.beyond_switch(ground),
    }


def _subject(file: ReleaseFile, artifact: Artifact) -> Subject:
    if artifact.application != file.application:
        raise PolicyRefused(
            f"{artifact.application} {artifact.version}: an artifact of another application, "
            f"expected one of {file.application!r}; choose a version of that"
        )
    return Subject(
        application=artifact.application,
        version=artifact.version,
        digest=artifact.digest,
        release_name=artifact.release_name,
        size=artifact.size,
        files=artifact.files,
        commit=artifact.commit.sha if artifact.commit else None,
    )
