"""A function of AWS Lambda: releases as published versions, the live one behind an alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.faults import AccessRefused
from sendoff.spec.cloud import LambdaFunction
from sendoff.store import ArtifactStore
from sendoff.targets.connection import Connection
from sendoff.targets.function.api import FunctionApi
from sendoff.targets.function.deployment import Deployment
from sendoff.targets.function.layout import Record, Seen, Versions
from sendoff.targets.function.pointer import Pointer, moving
from sendoff.targets.one_host import OneHost, RunsNothing
from sendoff.targets.protocol import CommandResult, HostFacts, Outcome
from sendoff.targets.reckoning import surplus

ENDLESS = 1 << 60  # bytes; what a function may have is a quota of the account


class Function(RunsNothing):
    """ShiftingTarget and InvokableTarget over a function. Its one host is called as the target."""

    because = "a function has no host, expected no commands for it; check it by invoking it"

    def __init__(self, api: FunctionApi, *, by: str = "-", token: int = 0) -> None:
        self.name = api.name
        self._api, self._pointer = api, Pointer(api, by, token)
        self._is_well = False

    def facts(self) -> HostFacts:
        """Read what is true now; changes nothing. Whoever holds a number is told whether it may write."""
        seen = self._api.read_alias()
        return self._facts(seen, self._versions(), self._obstacle(seen) if self._pointer.token else None)

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Publish the release as a version of its own, to which no alias points."""
        return Deployment(self._api, self._pointer, artifact, store).carry_out()

    def invoke(self, release: str, payload: str, timeout: float) -> CommandResult:
        """Invoke a release with JSON, whether it has traffic or not; once and never again by itself."""
        return self._api.invoke(self.variant(release), payload, timeout)

    def switch(self, release: str | None) -> Outcome:
        """Make a release live, or what was before the first of ours; no other has traffic then."""
        held = self._pointer.hold(f"switching to {release or 'none'}")
        versions = self._versions()
        if release is not None:
            return self._pointer.move(release, self._version(versions, release), versions)
        origin = held.record.origin if versions.release(held.version) else held.version
        if origin not in versions.numbers:
            raise PolicyRefused(
                f"{self.name}: going back to a version of before was refused: "
                f"{f'version {origin} is gone' if origin else 'it is not known'}, expected a version to go "
                "back to; put a release live"
            )
        return self._pointer.move(None, origin, versions)

    def shift(self, release: str, weight: int) -> Outcome:
        """Give a release a part of the traffic; the alias still points to what is live."""
        doing = f"giving {release} {weight} % of the traffic"
        if not 1 <= weight <= 99:
            raise PolicyRefused(f"{self.name}: {doing} was refused, expected 1 to 99; switch to it for all")
        self._pointer.hold(doing)
        return self._pointer.shift(release, self._version(self._versions(), release), weight)

    def variant(self, release: str) -> str:
        """Name the version of a release: the dimension ExecutedVersion of Lambda's metrics."""
        return self._version(self._versions(), release)

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses one that has traffic."""
        doing = f"removing {release}"
        held = self._pointer.hold(doing)
        found = [each.number for each in self._versions().of(release)]
        if any(each in (held.version, *held.weights) for each in found):
            raise PolicyRefused(
                f"{self.name}: {doing} was refused: it is live or has a part of the traffic, expected a dark "
                "one; put another release live first"
            )
        return self._taken_away(doing, found, dict.fromkeys(found, release))

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never one that has traffic nor those to spare."""
        doing = "tidying up"
        held = self._pointer.hold(doing)
        versions = self._versions()
        facts = self._facts(self._api.read_alias(), versions)
        spare = spare | {facts.canary} if facts.canary else spare
        named = {versions.releases[each]: each for each in surplus(facts, keep, spare)}
        wrong = [each for each in versions.surplus if each not in (held.version, *held.weights)]
        return self._taken_away(doing, [*named, *wrong], named)

    def close(self) -> None:
        """Leave the connection to who opened it."""

    def _facts(self, seen: Seen, versions: Versions, obstacle: str | None = None) -> HostFacts:
        canary = next(iter(seen.weights), None)
        beside = versions.release(canary) if canary else None
        return HostFacts(
            host=self.name,
            live=versions.release(seen.version),
            releases=tuple(versions.releases),
            free_bytes=ENDLESS,
            clock_skew=0.0,
            writable=True,
            missing_tools=(),
            obstacle=obstacle,
            fence=seen.record.fence if seen.record else 0,
            notes=self._notes(seen, versions),
            canary=beside,
            weight=seen.weights[canary] if canary and beside else 0,
        )

    def _versions(self) -> Versions:
        return Versions(self._api.alias, self._api.versions())

    def _version(self, versions: Versions, release: str) -> str:
        try:
            return versions.releases[release]
        except KeyError:
            raise PolicyRefused(
                f"{self.name}: {release} is not there as a version with its own code, expected a release "
                "that was deployed; deploy it first"
            ) from None

    def _taken_away(self, doing: str, numbers: Sequence[str], named: Mapping[str, str]) -> Outcome:
        """Delete versions; one that another alias uses is left, and said."""
        gone, left = [], []
        for number in numbers:
            self._pointer.hold(doing)
            name = named.get(number, f"version {number}")
            if self._api.delete(number):
                gone.append(name)
            else:
                left.append(f"left {name}, as an alias points to version {number}")
        told = [f"removed {', '.join(gone)}"] if gone else []
        nothing = "nothing to remove" if doing == "tidying up" else "gone already"
        return Outcome(changed=bool(gone), said="; ".join([*told, *left]) or nothing)

    def _notes(self, seen: Seen, versions: Versions) -> tuple[str, ...]:
        """Say what people should know."""
        found = []
        if elsewhere := self._api.connection.elsewhere:
            found.append(f"it is at {elsewhere}, not at AWS")
        if versions.release(seen.version) is None:
            found.append(f"the alias points to version {seen.version}, which Sendoff did not publish")
        found.extend(
            f"version {number}, which Sendoff did not publish, has {weight} % of the traffic"
            for number, weight in seen.weights.items()
            if versions.release(number) is None
        )
        record = seen.record or Record()
        if seen.record is None and seen.description:
            found.append("the description of the alias is not Sendoff's, and is replaced at the first change")
        elif record.release != versions.release(seen.version):
            found.append(f"somebody else moved the alias: Sendoff left it at {record.release or 'none'}")
        return tuple(found)

    def _obstacle(self, seen: Seen) -> str | None:
        """Say what stands in the way of changes; what was found to be well is not looked at again."""
        if wrong := moving(seen):
            return wrong
        try:
            wrong = None if self._is_well else self._unfit()
        except AccessRefused as error:
            return str(error).removeprefix(f"{self.name} ")
        self._is_well = wrong is None
        return wrong

    def _unfit(self) -> str | None:
        if wrong := self._api.connection.obstacle():
            return wrong
        if self._api.code().is_image:
            return "its code is a container image, expected a zip file; name a function that has one"
        if self._api.minds_revisions():
            return None
        return (
            "its server writes although a revision does not hold, expected RevisionId to count; use one that "
            "minds it: without that, two who release at once are not kept apart"
        )


def open_target(target: LambdaFunction, access: Access, by: str, token: int = 0) -> OneHost[Function]:
    """Prepare the connection; `token`: the number of the lease, with 0 it can only be looked at."""
    connection = Connection("lambda", target, access)
    return OneHost(Function(FunctionApi(target, connection), by=by, token=token), connection.close)
