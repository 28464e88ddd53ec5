"""Measuring a canary and its baseline with the same question, and comparing what comes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sendoff.canary.cloudwatch import CloudWatch
from sendoff.canary.prometheus import Prometheus
from sendoff.canary.statistics import Counted, Verdict, compare_failures, compare_values
from sendoff.errors import StepErrored
from sendoff.spec import canary as spec
from sendoff.spec.canary import Comparison, FailureComparison, ValueComparison, put_in

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

SLACK = 0.05  # by how much extrapolated failures may be more than the extrapolated total


class Variant(NamedTuple):
    """One of the two that are compared. `variant`: what the target calls it in metrics."""

    variant: str
    release: str
    version: str


class Window(NamedTuple):
    """The time that is looked at; both with a time zone."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Tell how long it is."""
        return (self.end - self.start).total_seconds()


class Sources(NamedTuple):
    """What the target knows of where metrics are. `cloudwatch`: connects as the target itself does."""

    cloudwatch: Callable[[], CloudWatchClient]


def compare(
    comparison: Comparison, canary: Variant, baseline: Variant, window: Window, sources: Sources
) -> Verdict:
    """Ask the same of both for the same time, and tell whether the canary is worse.

    Args:
        comparison: What is compared, of the release file
        canary: The new release
        baseline: The one that was live before
        window: Since when the canary had its share of the traffic, and until when
        sources: Where metrics are
    """
    if isinstance(comparison, FailureComparison):
        verdict = compare_failures(
            _counted(comparison, canary, window, sources),
            _counted(comparison, baseline, window, sources),
            comparison.confidence,
            comparison.at_least,
            baseline.version,
        )
    else:
        verdict = compare_values(
            _values(comparison, canary, window, sources),
            _values(comparison, baseline, window, sources),
            comparison.worse,
            comparison.share,
            comparison.confidence,
            comparison.at_least,
            baseline.version,
        )
    return verdict.model_copy(update={"said": f"{comparison.name}: {verdict.said}"})


def _counted(comparison: FailureComparison, of: Variant, window: Window, sources: Sources) -> Counted:
    """Count failures and requests; no series of failures means that none failed."""
    asked = {"failures": comparison.failures, "total": comparison.total}
    if isinstance(comparison.source, spec.CloudWatch):
        found = _cloudwatch(comparison.source, of, sources).sums(asked, window.start, window.end)
    else:
        server, words = Prometheus(comparison.source.url), _words(of, window.seconds)
        found = {key: server.number(put_in(query, words), window.end) for key, query in asked.items()}
    failures, total = found["failures"] or 0.0, found["total"] or 0.0
    if not 0 <= failures <= total * (1 + SLACK) + 1:
        raise StepErrored(
            f"{comparison.name}: {failures:g} of {total:g} requests of {of.version} failed, expected numbers "
            "from 0 on, and no more failures than requests; correct 'failures' and 'total'"
        )
    return Counted(failures, total)


def _values(comparison: ValueComparison, of: Variant, window: Window, sources: Sources) -> tuple[float, ...]:
    every = comparison.every
    if isinstance(comparison.source, spec.CloudWatch):
        asked = _cloudwatch(comparison.source, of, sources)
        statistic = comparison.statistic or "Average"
        return asked.values(comparison.values, statistic, window.start, window.end, int(every))
    query = put_in(comparison.values, _words(of, every))
    return Prometheus(comparison.source.url).values(query, window.start, window.end, every)


def _words(of: Variant, seconds: float) -> dict[str, str]:
    return {**of._asdict(), "seconds": f"{max(round(seconds), 1)}"}


def _cloudwatch(source: spec.CloudWatch, of: Variant, sources: Sources) -> CloudWatch:
    dimensions = {name: put_in(value, of._asdict()) for name, value in source.dimensions.items()}
    return CloudWatch(sources.cloudwatch(), source.namespace, dimensions)
