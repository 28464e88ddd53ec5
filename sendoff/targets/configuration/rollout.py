"""Bringing a version to who reads it: one deployment at a time, begun only where we know what is there."""

from __future__ import annotations

import time
from collections.abc import Callable

from sendoff.errors import CheckFailed, Fenced, PolicyRefused, StepErrored
from sendoff.spec.cloud import Configuration
from sendoff.targets.configuration.layout import BAKING, STOPPABLE, Deployment, Note, Standing
from sendoff.targets.configuration.service import Service
from sendoff.targets.protocol import Outcome

PAUSE = 2.0  # seconds between two looks at a deployment
MOST_TRIES = 8


class Rollout:
    """The deployments of a configuration. `token`: the number of the lease that they are begun under."""

    def __init__(
        self,
        target: Configuration,
        service: Service,
        by: str,
        token: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target, self._service, self._by, self.token = target, service, by, token
        self._clock, self._sleep = clock, sleep

    def hold(self, doing: str) -> Standing:
        """See that nobody with a larger number was here; Fenced when somebody was.

        Our own number is left with what we make: a version, or a deployment.
        """
        if self.token <= 0:
            raise StepErrored(
                f"{self._target.name}: {doing} was given no number, expected that of a lease; start again"
            )
        standing = self._service.standing()
        if standing.fence > self.token:
            raise Fenced(
                f"{self._target.name}: {doing} was refused: it has seen number {standing.fence}, which is "
                "larger than ours"
            )
        return standing

    def bring(self, release: str | None) -> Outcome:
        """Make a release live, or what was there before Sendoff, and wait until that is so.

        What is half-way there goes on, and what stands half-way in front of it is stopped. An earlier version
        is brought back at once; it counts as soon as all readers have it.
        """
        way = _Way(release, self._clock() + self._target.deploy_timeout)
        while True:
            standing = self.hold(way.doing)
            outcome = self._go_on(standing, way)
            if outcome:
                return outcome
            if self._clock() > way.until:
                raise self._too_slow(standing.under_way, way.doing)
            self._sleep(PAUSE)

    def _go_on(self, standing: Standing, way: _Way) -> Outcome | None:
        """Do what there is to do next; None when that has to be waited for."""
        wanted, settled, under_way = self._wanted(standing, way), standing.settled, standing.under_way
        if under_way:
            return self._behind(under_way, settled, wanted, way)
        if wanted is None or (settled and settled.version == wanted):
            return way.over(f" (deployment {settled.number})" if settled else "")
        self._see_not_failed(standing, way.own)
        note = Note(release=way.release, fence=self.token, by=self._by, origin=standing.origin)
        strategy = self._target.undo_strategy_id if _is_back(settled, wanted) else self._target.strategy_id
        way.own = self._service.start(wanted, strategy, note, standing.latest)
        way.changed, way.tries = True, way.tries + 1
        if way.tries > MOST_TRIES:
            raise self._contended(way.doing)
        return None

    def _behind(
        self, under_way: Deployment, settled: Deployment | None, wanted: int | None, way: _Way
    ) -> Outcome | None:
        """Wait for a deployment, or stop it when what is wanted is what it would take the place of."""
        if under_way.profile != self._target.profile_id or under_way.note is None:
            raise StepErrored(
                f"{self._target.name}: {way.doing} has to wait, as others began deployment "
                f"{under_way.number} in that environment ({under_way.state}, {under_way.percent:g} %), "
                "expected it to be free; try again when that is over"
            )
        way.changed = True
        if under_way.version == wanted:
            way.own = under_way.number
            if under_way.state == BAKING and _is_back(settled, wanted):
                return way.over(f" (deployment {way.own}, which AppConfig still watches)")
        elif wanted == (settled.version if settled else None) and under_way.state in STOPPABLE:
            self._service.stop(under_way.number)
        return None

    def _wanted(self, standing: Standing, way: _Way) -> int | None:
        """Find the version to bring; None when none is live, or will be once what is under way is stopped."""
        if way.release is not None:
            numbers = standing.numbers(way.release)
            if numbers:
                return numbers[0]
            raise PolicyRefused(
                f"{self._target.name}: {way.release} is not there, expected a release that was deployed; "
                "deploy it first"
            )
        if standing.origin is not None:
            return standing.origin
        if standing.release(standing.settled) is None:
            return standing.settled.version if standing.settled else None
        raise PolicyRefused(
            f"{self._target.name}: {way.doing} was refused: there was no configuration before Sendoff's "
            "first one, and AppConfig cannot take one away, expected an earlier release; release one that "
            "switches off what has to be off"
        )

    def _see_not_failed(self, standing: Standing, own: int) -> None:
        """Fail when our deployment has ended without being what is live."""
        ended = next((each for each in standing.mine if own and each.number == own), None)
        if ended:
            told = "; ".join(event for event in ended.events[:3] if event) or "it does not say why"
            raise CheckFailed(
                f"{self._target.name}: deployment {own} was {ended.state.lower().replace('_', ' ')} by "
                f"AppConfig ({told}), expected it to be complete; see to what its alarms say"
            )

    def _too_slow(self, under_way: Deployment | None, doing: str) -> StepErrored:
        at = f"deployment {under_way.number}: {under_way.percent:g} %" if under_way else "none under way"
        return StepErrored(
            f"{self._target.name}: {doing} is not through in {self._target.deploy_timeout:g} s ({at}), "
            "expected it to be; raise `deploy_timeout`, or try again: it goes on where it is"
        )

    def _contended(self, doing: str) -> StepErrored:
        return StepErrored(
            f"{self._target.name}: {doing} failed, as others began deployments {MOST_TRIES} times meanwhile, "
            "expected nobody else to; see who does, then try again"
        )


class _Way:
    """How far a switch has come. `own`: the number of our deployment, 0 while there is none."""

    def __init__(self, release: str | None, until: float) -> None:
        self.release, self.until = release, until
        self.own, self.tries, self.changed = 0, 0, False

    @property
    def doing(self) -> str:
        return f"switching to {self.release or 'none'}"

    def over(self, how: str) -> Outcome:
        told = how if self.changed else " already"
        return Outcome(changed=self.changed, said=f"{self.release or 'none'} is live{told}")


def _is_back(settled: Deployment | None, wanted: int | None) -> bool:
    return settled is not None and wanted is not None and wanted < settled.version
