"""Traffic between two sides of a load balancer of AWS: a release goes to the dark one, then has it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.objects.s3.address import Access
from sendoff.report.words import listing
from sendoff.spec.load_balancer import SIDES, Arn, LoadBalancer
from sendoff.store import ArtifactStore
from sendoff.targets.connection import Connection
from sendoff.targets.load_balancer.backing import Backing, Behind, Patience
from sendoff.targets.load_balancer.balancer import Balancer
from sendoff.targets.load_balancer.health import is_healthy, unhealthy
from sendoff.targets.load_balancer.machines import Machines, MachinesBehind
from sendoff.targets.load_balancer.services import ServicesBehind
from sendoff.targets.load_balancer.standing import (
    BY,
    DIGEST,
    FENCE,
    KEEPER,
    LIVE,
    OF_A_SIDE,
    ORIGIN,
    RELEASE,
    Standing,
    other,
    read,
    written,
)
from sendoff.targets.one_host import OneHost, RunsNothing
from sendoff.targets.protocol import HostFacts, Outcome

ALL = 100
PAUSES = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0)  # seconds before each look, as what was written may take a moment


class BalancedTarget(RunsNothing):
    """The protocols HostTarget and ShiftingTarget over a rule. Its one host is called as the target."""

    because = (
        "a load balancer has no host of its own, expected "
        "it among the commands of its `fleet`; check it over HTTP"
    )

    def __init__(
        self,
        target: LoadBalancer,
        connection: Connection,
        backing: Backing,
        *,
        by: str = "-",
        token: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = target.name
        self._target, self._connection, self._backing = target, connection, backing
        self._balancer = Balancer(target, connection)
        self._by, self._token, self._sleep = by, token, sleep
        self._is_well = False

    def facts(self) -> HostFacts:
        """Read what is true now; changes nothing. What stands in the way is told to who holds a number."""
        standing, obstacle = None, None
        behind = Behind()
        try:
            standing = self._balancer.standing()
            if self._token:
                obstacle = self._unfit(standing)
                if obstacle is None:
                    behind = self._backing.look()
        except PolicyRefused as refused:
            obstacle = str(refused).removeprefix(f"{self.name}: ").removeprefix(f"{self.name} ")
        elsewhere = self._connection.elsewhere
        return HostFacts(
            host=self.name,
            live=standing and standing.release(standing.live),
            releases=standing.releases if standing else (),
            free_bytes=behind.free_bytes,
            clock_skew=0.0,
            writable=True,
            missing_tools=(),
            obstacle=obstacle or "; ".join(behind.problems) or None,
            fence=max(standing.fence if standing else 0, behind.fence),
            notes=tuple(_notes(standing, elsewhere)),
            canary=standing and standing.canary,
            weight=standing.forward.share(standing.dark) if standing and standing.canary else 0,
        )

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Have the side without traffic run the release, all targets healthy; then tags say that it does."""
        release, doing = artifact.release_name, f"deploying {artifact.release_name}"
        standing = self._hold(doing)
        side = standing.side_of(release)
        if side and standing.tags[side].get(DIGEST) == artifact.digest:
            problem = self._backing.lacking(side, standing.tags[side])
            if problem is None:
                self._point_header(doing, side)
                return Outcome(changed=False, said=f"{release} is there already, on {side}")
        side = standing.dark
        if standing.forward.weights.get(side) or standing.release(standing.live) == release:
            raise PolicyRefused(
                f"{self.name}: {doing} was refused, as {side} has traffic, or {release} is live and is not "
                "what was put there, expected a side without traffic; end the canary, or put another release "
                "live first"
            )
        known = self._backing.place(side, artifact, store, lambda: self._still_dark(doing, side))
        standing = self._still_dark(doing, side)
        self._clear(standing, side)
        self._weigh(doing, {standing.live: ALL, side: 0}, standing, unless={standing.live, side})
        patience = Patience(self._target.healthy_within, sleep=self._sleep)
        self._backing.start(side, release, known, patience)
        self._await_health(side, patience)
        self._still_dark(doing, side)
        self._balancer.tag(side, {RELEASE: release, DIGEST: artifact.digest, **known})
        standing = self._still_dark(doing, side)
        if standing.release(side) != release:
            raise self._contended(doing)
        self._point_header(doing, side, standing)
        return Outcome(
            changed=True, said=f"{release} is on {side}, which has no traffic, all targets healthy"
        )

    def switch(self, release: str | None) -> Outcome:
        """Give a release all of the traffic by one request; None gives it back as it was before Sendoff."""
        doing = f"switching to {release or 'none'}"
        standing = self._hold(doing)
        before = standing.release(standing.live) or "none"
        if before == (release or "none") and len(standing.forward.sides) == 1:
            return Outcome(changed=False, said=f"{release or 'none'} is live already")
        seen: Standing | None = standing
        if release is None:
            weights = self._origin(standing)
        else:
            side = self._side_of(standing, release)
            if side != standing.live:
                self._see_ready(standing, side)
                seen = None  # that took its time
            weights = {side: ALL, other(side): 0}
        self._weigh(doing, weights, seen)
        return Outcome(changed=True, said=f"{release or 'none'} is live, before: {before}")

    def shift(self, release: str, weight: int) -> Outcome:
        """Give a release that was deployed this much of the traffic, in per cent, by one request."""
        doing = f"giving {release} {weight}%"
        standing = self._hold(doing)
        side = self._side_of(standing, release)
        if side == standing.live or not 1 <= weight < ALL:
            raise PolicyRefused(
                f"{self.name}: {doing} was refused, as it is live, or that is no share, expected a release "
                "beside the live one and 1 to 99%; switch to give it all"
            )
        weights = {standing.live: ALL - weight, side: weight}
        if standing.forward.weights == weights:
            return Outcome(changed=False, said=f"{release} has {weight}% already")
        self._see_ready(standing, side)
        if standing.tags[KEEPER].get(LIVE) != standing.live:
            self._balancer.tag(KEEPER, {LIVE: standing.live})
        self._weigh(doing, weights)
        return Outcome(changed=True, said=f"{release} on {side} has {weight}% of the traffic")

    def variant(self, release: str) -> str:
        """Name the target group that a release is on, as the dimension TargetGroup of its metrics does."""
        standing = self._balancer.standing()
        return self._target.sides[self._side_of(standing, release)].dimension

    def remove(self, release: str) -> Outcome:
        """Take a release off the side without traffic; refuses one that has any."""
        doing = f"removing {release}"
        standing = self._hold(doing)
        side = standing.side_of(release)
        if side is None:
            return Outcome(changed=False, said="gone already")
        if standing.forward.weights.get(side):
            raise PolicyRefused(
                f"{self.name}: {doing} was refused: it has traffic, expected a dark one; put another release "
                "live first"
            )
        self._backing.take_away(side, release)
        self._clear(self._still_dark(doing, side), side)
        return Outcome(changed=True, said=f"removed {release}")

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest releases away from the hosts behind; both sides keep what they have."""
        standing = self._hold("tidying up")
        gone = self._backing.prune(keep, spare | {*standing.releases})
        return Outcome(changed=bool(gone), said="; ".join(gone) or "nothing to remove")

    def close(self) -> None:
        """Leave the connections to who opened them."""

    def _unfit(self, standing: Standing) -> str | None:
        """Say what stands in the way of changes; what was found to be well is not looked at again."""
        if self._is_well:
            return None
        if wrong := self._connection.obstacle():
            return wrong
        for side in SIDES:  # that it is there, and that we may ask how its targets are
            self._balancer.health(side)
        rules = ((self._target.rule, standing.forward), (self._target.header_rule, standing.header))
        for rule, forward in rules:
            if rule and forward and not self._balancer.may_forward(rule):
                self._balancer.forward(rule, forward, forward.weights)
                return (
                    "its server forwards to a target group that is not there, expected it to refuse that; "
                    "use one that does"
                )
        self._is_well = True
        return None

    def _hold(self, doing: str) -> Standing:
        """Leave our number in the tags, so that who comes with a smaller one is refused; Fenced when we do.

        Tags know no compare-and-swap: of two who write at one time the last counts, so they are read again.
        """
        if self._token <= 0:
            raise StepErrored(
                f"{self.name}: {doing} was given no number, expected that of a lease; start again"
            )
        for standing in self._looks(self._balancer.standing):
            if standing.fence > self._token:
                raise Fenced(
                    f"{self.name}: {doing} was refused: it has seen number {standing.fence}, which is larger "
                    "than ours"
                )
            if standing.fence == self._token and ORIGIN in standing.tags[KEEPER]:
                return standing
            origin = standing.tags[KEEPER].get(ORIGIN) or written(standing.forward.weights)
            self._balancer.tag(KEEPER, {FENCE: str(self._token), BY: self._by, ORIGIN: origin})
        raise self._contended(doing)

    def _looks(self, look: Callable[[], Standing], seen: Standing | None = None) -> Iterator[Standing]:
        """Look again and again, after longer and longer pauses; `seen`: what a look just now has shown."""
        for pause in PAUSES:
            self._sleep(pause)
            yield seen or look()
            seen = None

    def _still_dark(self, doing: str, side: str) -> Standing:
        """Look again before a change of a side: at our number, and that nobody gave it traffic meanwhile."""
        standing = self._hold(doing)
        if standing.forward.weights.get(side):
            raise PolicyRefused(
                f"{self.name}: {doing} was broken off, as {side} was given traffic by others meanwhile, "
                "expected nobody else to change the rule; see who does"
            )
        return standing

    def _weigh(
        self,
        doing: str,
        weights: Mapping[str, int],
        seen: Standing | None = None,
        *,
        unless: set[str] | None = None,
    ) -> None:
        """Set all weights in one request, and read them back; `unless` the rule names these sides already."""
        for standing in self._looks(partial(self._hold, doing), seen):
            if standing.forward.weights == weights or unless == {*standing.forward.weights}:
                return
            self._balancer.forward(self._target.rule, standing.forward, weights)
        raise self._contended(doing)

    def _point_header(self, doing: str, side: str, seen: Standing | None = None) -> None:
        """Have requests with the header reach a side."""
        if self._target.header_rule is None:
            return
        for standing in self._looks(partial(self._hold, doing), seen):
            if standing.header is None or standing.header.sides == (side,):
                return
            self._balancer.forward(self._target.header_rule, standing.header, {side: 1})
        raise self._contended(doing)

    def _clear(self, standing: Standing, side: str) -> None:
        """Let a side claim no release any more."""
        if known := [key for key in OF_A_SIDE if key in standing.tags[side]]:
            self._balancer.untag(side, known)

    def _await_health(self, side: str, patience: Patience) -> None:
        patience.until(f"{self.name}, targets of {side}", lambda: unhealthy(self._balancer.health(side)))

    def _side_of(self, standing: Standing, release: str) -> str:
        side = standing.side_of(release)
        if side is None:
            there = listing(standing.releases, otherwise="none")
            raise PolicyRefused(
                f"{self.name}: {release} is on neither side, expected one of those there ({there}); "
                "deploy it first"
            )
        return side

    def _see_ready(self, standing: Standing, side: str) -> None:
        """Refuse to give traffic to a side that does not run what its tags say, or has no healthy target."""
        problem = self._backing.lacking(side, standing.tags[side])
        if problem is None and not any(map(is_healthy, self._balancer.health(side))):
            problem = "none of its targets is healthy"
        if problem:
            raise PolicyRefused(
                f"{self.name}: {side} does not serve {standing.release(side)} ({problem}), expected what was "
                "deployed there; deploy it again"
            )

    def _origin(self, standing: Standing) -> dict[str, int]:
        weights = read(standing.tags[KEEPER][ORIGIN])
        if taken := [name for side in SIDES if weights.get(side) and (name := standing.release(side))]:
            raise PolicyRefused(
                f"{self.name}: what was live before Sendoff was overwritten by {', '.join(taken)}, expected "
                "it to be there still; switch to a release"
            )
        return {side: weights.get(side, 0) for side in SIDES}

    def _contended(self, doing: str) -> StepErrored:
        return StepErrored(
            f"{self.name}: {doing} does not hold, as others changed it {len(PAUSES)} times meanwhile, "
            "expected nobody else to; see who does, then try again"
        )


def _notes(standing: Standing | None, elsewhere: str | None) -> list[str]:
    notes = [f"it is at {elsewhere}, not at AWS"] if elsewhere else []
    if standing and standing.forward.sticky.get("Enabled"):
        seconds = standing.forward.sticky.get("DurationSeconds", 0)
        notes.append(
            f"its rule keeps visitors at their side for {seconds} s: weights count for new ones only"
        )
    return notes


def open_target(
    target: LoadBalancer,
    access: Access,
    by: str,
    token: int = 0,
    behind: Mapping[str, Machines] | None = None,
) -> OneHost[BalancedTarget]:
    """Prepare the connections; `token`: the number of the lease, with 0 it can only be looked at.

    `behind`: by side, the hosts over SSH, where there are some.
    """
    placed = target.model_copy(update={"region": target.region or Arn.of(target.rule).region})
    connection = Connection("elbv2", placed, access)
    backing: Backing
    if behind:
        backing = MachinesBehind(behind, by, token)
    else:
        ecs, once = Connection("ecs", placed, access), Connection("ecs", placed, access, tries=1)
        backing = ServicesBehind(placed, ecs, once)

    def hang_up() -> None:
        connection.close()
        backing.close()

    return OneHost(BalancedTarget(placed, connection, backing, by=by, token=token), hang_up)
