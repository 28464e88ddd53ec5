"""Hosts over SSH behind a load balancer: those of the dark side are all served at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from sendoff.artifact.manifest import Artifact, version_of
from sendoff.errors import CommandFailed
from sendoff.spec.commands import HostCommands
from sendoff.spec.placeholders import fill
from sendoff.store import ArtifactStore
from sendoff.targets.load_balancer.backing import Behind, Patience, Tags
from sendoff.targets.load_balancer.standing import RELEASE
from sendoff.targets.preflight import problems
from sendoff.targets.protocol import HostTarget
from sendoff.targets.ssh.fleet import Fleet

AT_ONCE = 16  # hosts

Found = TypeVar("Found")


@dataclass(frozen=True)
class Machines:
    """The hosts of one side. `words`: by host, what commands may name there."""

    fleet: Fleet
    commands: HostCommands
    words: Mapping[str, Mapping[str, str]]


class MachinesBehind:
    """The protocol Backing over SSH. `by`: the run; of its commands each ends well once on a host."""

    def __init__(self, sides: Mapping[str, Machines], by: str, token: int) -> None:
        self._sides, self._by, self._token = dict(sides), by, token

    def look(self) -> Behind:
        """Read what stands in the way of changes on all hosts; changes nothing."""
        facts = [each for side in self._sides for each in self._on(side, lambda host: host.facts())]
        wrong = [said for each in facts for said in problems(each, 0, self._token)]
        return Behind(tuple(wrong), min(each.free_bytes for each in facts), max(each.fence for each in facts))

    def place(self, side: str, artifact: Artifact, store: ArtifactStore, hold: Callable[[], object]) -> Tags:
        """Put the release on each host, every hash checked there."""
        self._on(side, lambda host: host.deploy(artifact, store))
        return {}

    def start(self, side: str, release: str, tags: Tags, patience: Patience) -> None:
        """Switch each host, with the commands around it."""
        self._on(side, lambda host: self._switch(side, host, release))

    def lacking(self, side: str, tags: Tags) -> str | None:
        """Say on which hosts another release is live than the side's tags say; None when on none."""
        wanted = tags.get(RELEASE)
        wrong = [
            f"{each.live or 'none'} is live on {each.host}"
            for each in self._on(side, lambda host: host.facts())
            if each.live != wanted
        ]
        return ", ".join(wrong) or None

    def take_away(self, side: str, release: str) -> None:
        """Withdraw the release from the hosts on which it is live, and remove it from all."""
        self._on(side, lambda host: self._take_away(side, host, release))

    def prune(self, keep: int, spare: frozenset[str]) -> tuple[str, ...]:
        """Take the oldest releases away from each host; the one that is live there stays."""
        done = [
            (host, outcome)
            for side in self._sides
            for host, outcome in self._on(side, lambda host: (host.name, host.prune(keep, spare)))
        ]
        return tuple(f"{host}: {outcome.said}" for host, outcome in done if outcome.changed)

    def close(self) -> None:
        """Hang up everywhere."""
        for each in self._sides.values():
            each.fleet.close()

    def _on(self, side: str, work: Callable[[HostTarget], Found]) -> list[Found]:
        """Do something on all hosts of a side; the first error counts once all have ended."""
        fleet = self._sides[side].fleet
        with ThreadPoolExecutor(min(AT_ONCE, len(fleet.names)), thread_name_prefix=side) as pool:
            return list(pool.map(lambda name: work(fleet.host(name)), fleet.names))

    def _switch(self, side: str, host: HostTarget, release: str) -> None:
        commands = self._sides[side].commands
        self._run(side, host, release, "before", commands.before, unless_live=release)
        host.switch(release)
        self._run(side, host, release, "after", commands.after)

    def _take_away(self, side: str, host: HostTarget, release: str) -> None:
        facts = host.facts()
        if facts.live == release:
            withdraw = self._sides[side].commands.withdraw
            self._run(side, host, release, "withdraw", withdraw, unless_live="")
            host.switch(None)
        if release in facts.releases:
            host.remove(release)

    def _run(
        self,
        side: str,
        host: HostTarget,
        release: str,
        moment: str,
        commands: Sequence[Sequence[str]],
        unless_live: str | None = None,
    ) -> None:
        machines = self._sides[side]
        values = {**machines.words[host.name], "version": version_of(release), "release": release}
        for number, command in enumerate(commands, start=1):
            filled = tuple(fill(word, values) for word in command)
            once = f"{self._by}/{moment}/{number}"
            result = host.run(filled, release, machines.commands.timeout, {}, once, unless_live)
            if result.code:
                raise CommandFailed(host.name, filled, result.code, result.output)
