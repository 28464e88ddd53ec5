"""Measure a release and the one that was live before, as their target calls them in metrics."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from blocks import lookup
from sendoff.artifact.manifest import version_of
from sendoff.canary.measure import Sources, Variant, Window, compare
from sendoff.canary.statistics import Verdict
from sendoff.spec.canary import Comparison
from sendoff.spec.cloud import CloudTarget
from sendoff.targets.protocol import ShiftingTarget
from tasks.run import Run


def measured(
    run: Run,
    target: CloudTarget,
    host: ShiftingTarget,
    comparison: Comparison,
    release: str,
    before: str,
    since: datetime,
) -> Verdict:
    """Compare the two, by what was measured since the release has had its share of the traffic."""
    with closing(lookup.cloudwatch(run.file, run.place.environment, target)) as metrics:
        return compare(
            comparison,
            _variant(host, release),
            _variant(host, before),
            Window(since, run.now()),
            Sources(cloudwatch=lambda: metrics.client),
        )


def _variant(host: ShiftingTarget, release: str) -> Variant:
    return Variant(variant=host.variant(release), release=release, version=version_of(release))
