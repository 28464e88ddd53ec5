"""What Sendoff asks of a place that bits are put on; one implementation a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from sendoff.artifact.manifest import Artifact
from sendoff.model import Frozen
from sendoff.store import ArtifactStore


class Outcome(Frozen):
    """What an action came to: whether it changed anything, and a sentence a person can read."""

    changed: bool
    said: str


class HostFacts(Frozen):
    """What is true of a host now. `live` and `releases` are release names, oldest first; sizes in bytes.

    `clock_skew`: seconds its clock is ahead of ours. `obstacle`: what stands where `current` has to be.
    `fence`: the largest number under which it was changed; it refuses smaller ones. `notes`: what people
    should know of it, though nothing is wrong. `canary`: the release that has a part of the traffic beside
    the live one, and `weight`: how much of it, in per cent.
    """

    host: str
    live: str | None
    releases: tuple[str, ...]
    free_bytes: int
    clock_skew: float
    writable: bool
    missing_tools: tuple[str, ...]
    obstacle: str | None = None
    fence: int = 0
    notes: tuple[str, ...] = ()
    canary: str | None = None
    weight: int = 0


class CommandResult(Frozen):
    """What a command on a host came to; output is standard output and error together, masked."""

    code: int
    output: str
    seconds: float


class HostTarget(Protocol):
    """One host of a fleet, or a site. Every action observes, compares, acts and reads back.

    All raise StepErrored. Those that change anything carry the number of the lease; Fenced when the host has
    seen a larger one.
    """

    name: str

    def facts(self) -> HostFacts:
        """Read what is true now, in one round trip; changes nothing."""

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Put the release there dark: staged, every hash checked on the host, sealed by rename."""

    def run(
        self,
        command: Sequence[str],
        release: str,
        timeout: float,
        env: Mapping[str, str],
        once: str = "",
        unless_live: str | None = None,
    ) -> CommandResult:
        """Run a command in the folder of a release; a code other than 0 is a result, not an error.

        `once`: a key for a command that changes the host; until the next switch it ends well only once.
        `unless_live`: what is live after the switch that it precedes, "" for nothing; it is not run then.
        """

    def switch(self, release: str | None) -> Outcome:
        """Make a release live, or none; there is never a moment without one in between."""

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses the live one."""

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never the live one nor those to spare."""

    def close(self) -> None:
        """Give the connection back."""


@runtime_checkable
class ShiftingTarget(HostTarget, Protocol):
    """A host that can give a part of its traffic to another release than the live one: a canary.

    `switch` ends that: to the canary, which then has all of it, or back to what is live.
    """

    def shift(self, release: str, weight: int) -> Outcome:
        """Give a release that was deployed this much of the traffic, in per cent from 1 to 99."""

    def variant(self, release: str) -> str:
        """Name a release as the metrics of this target do; PolicyRefused when it is not there."""


@runtime_checkable
class InvokableTarget(HostTarget, Protocol):
    """A host of which a release can be invoked, whether it has traffic or not."""

    def invoke(self, release: str, payload: str, timeout: float) -> CommandResult:
        """Invoke a release with JSON; a code other than 0 says that it failed, `output` what it answered."""


class Hosts(Protocol):
    """The hosts of a target, with the connections to them; each is made when it is first used."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name the hosts, in the order in which they are served."""

    def host(self, name: str) -> HostTarget:
        """Give a host, without connecting yet; KeyError when there is none of that name."""

    def close(self) -> None:
        """Hang up everywhere."""
