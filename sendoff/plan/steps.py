"""The steps of a plan, each with what it does and how it is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendoff.artifact.manifest import version_of
from sendoff.plan.explain import canary_words, command_words, gate_words
from sendoff.plan.ground import Ground
from sendoff.plan.models import Batch, HostState, Step
from sendoff.report.words import listing
from sendoff.spec.commands import HostCommands
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.models import Target, canary_of

LOOKS = "nothing to undo: it only looks"


def build(version: str, commit: str | None) -> Step:
    """Build what is not built yet."""
    source = f"commit {commit[:12]}" if commit else "its source"
    title = f"build {version}: it will be built from {source} first"
    return Step(
        id="build", action="build", title=title, undo="nothing to undo: the artifact stays in the store"
    )


def preflight(ground: Ground) -> Step:
    """Look at every host before any is changed."""
    title = f"look whether {ground.counted(ground.hosts)} can take it, before any is changed"
    return Step(id="preflight", action="preflight", title=title, hosts=ground.hosts, undo=LOOKS)


def deploy(version: str, ground: Ground) -> Step:
    """Put the release on hosts without traffic."""
    undo = "nothing to undo: the release gets no traffic; it is removed when the release is rejected"
    title = f"put {version} on {ground.counted(ground.hosts)}, without traffic"
    does = tuple(_behind(ground))
    return Step(id="deploy", action="deploy", title=title, hosts=ground.hosts, does=does, undo=undo)


def _behind(ground: Ground) -> Iterator[str]:
    """Tell what is run on hosts behind load balancers, as they are switched before they have traffic."""
    for target in ground.environment.targets:
        if isinstance(target, LoadBalancer) and target.fleet:
            commands = target.fleet.commands
            for when, words in (("before", commands.before), ("after", commands.after)):
                if words:
                    yield f"run {command_words(words)} on the hosts behind {target.name} {when} they switch"


def redeploy(version: str, hosts: tuple[str, ...]) -> Step:
    """Put a release back on the hosts that it is gone from."""
    title = f"put {version} back on {listing(hosts)}, where it is gone, without traffic"
    undo = "nothing to undo: the release gets no traffic"
    return Step(id="deploy", action="deploy", title=title, hosts=hosts, undo=undo)


def check_dark(ground: Ground) -> Iterator[Step]:
    """Look at the release before it gets traffic, when there are checks for that."""
    if names := [check.name for check in ground.environment.checks if check.when == "dark"]:
        title = f"check {listing(names)} before it gets traffic"
        hosts = ground.checked("dark")
        yield Step(id="check-dark", action="check-dark", title=title, hosts=hosts, undo=LOOKS)


def approvals(ground: Ground) -> Iterator[Step]:
    """Wait for people, a step for each gate."""
    undo = "nothing to undo: when it is rejected, what lies dark is removed and nothing goes live"
    for gate in ground.environment.gates:
        title = f"wait for approval {gate.name!r}"
        yield Step(
            id=f"approve/{gate.name}", action="approve", title=title, does=(gate_words(gate),), undo=undo
        )


def go_live(ground: Ground, version: str, release_name: str | None) -> Iterator[Step]:
    """Move traffic, a step for each batch."""
    for batch in ground.batches:
        fleet = ground.fleet(batch)
        checks = [check.name for check in ground.environment.checks_of(batch.target, "live")]
        commands, site = fleet.commands, f" at {fleet.site}" if fleet.site else ""
        yield Step(
            id=f"go-live/{batch.number}",
            action="go-live",
            title=f"go live on {listing(batch.hosts)}{site} (batch {batch.number} of {len(ground.batches)})",
            hosts=batch.hosts,
            does=tuple(_moves(fleet, version, checks)),
            undo=_undo(ground.states(batch), commands, release_name),
        )


def prune(ground: Ground) -> Step:
    """Take old releases away."""
    kept = listing(f"{fleet.keep} on {fleet.name}" for fleet in ground.environment.targets)
    return Step(
        id="prune",
        action="prune",
        title=f"take the oldest releases away, keep {kept}",
        hosts=ground.hosts,
        undo="nothing to undo: the live release and the one to go back to are never taken away",
    )


def _moves(target: Target, version: str, checks: Sequence[str]) -> Iterator[str]:
    commands, canary = target.commands, canary_of(target)
    if commands.before:
        yield f"run {command_words(commands.before)} before the switch"
    if canary:
        yield from canary_words(canary)
    yield f"switch to {version}"
    if commands.after:
        yield f"run {command_words(commands.after)} after the switch"
    if checks:
        yield f"check {listing(checks)}"


def _undo(states: Sequence[HostState], commands: HostCommands, release_name: str | None) -> str:
    by_live: dict[str | None, list[str]] = {}
    for state in states:
        by_live.setdefault(state.live, []).append(state.host)
    return "; ".join(_go_back(live, hosts, commands, release_name) for live, hosts in by_live.items())


def _go_back(live: str | None, hosts: Sequence[str], commands: HostCommands, release_name: str | None) -> str:
    where = ", ".join(hosts)
    if live is None:
        withdraw = " and run the withdraw commands there" if commands.withdraw else ""
        return f"take it away from {where}{withdraw}: nothing was live before"
    if live == release_name:
        return f"nothing to undo on {where}: {version_of(live)} is live there already"
    after = " and run the after commands there" if commands.after else ""
    return f"switch {where} back to {version_of(live)}{after}"


def beyond_switch(ground: Ground) -> str | None:
    """Tell from which batch on undoing means more than a switch, and why; None when no batch is."""
    for batch in ground.batches:
        if named := _named(ground, batch):
            hosts = listing(batch.hosts)
            return (
                f"from go-live/{batch.number} ({hosts}) on: {named} may have changed "
                "what switching back does not change back"
            )
    return None


def _named(ground: Ground, batch: Batch) -> str:
    commands = ground.fleet(batch).commands
    named = (("before the switch", commands.before), ("after it", commands.after))
    return " and ".join(f"{command_words(words)} {when}" for when, words in named if words)
