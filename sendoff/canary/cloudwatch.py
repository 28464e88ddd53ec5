"""Numbers out of CloudWatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import ceil, floor
from typing import TYPE_CHECKING

from sendoff.errors import SendoffError, StepErrored
from sendoff.objects.s3.faults import AccessRefused, AddressRefused, BucketMissing, boundary

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

MINUTE = 60
KEPT = ((14 * 86400, MINUTE), (62 * 86400, 5 * MINUTE))
"""How long, in seconds, CloudWatch keeps values of which stretch; a day less, to be clear of the edge."""

HOUR = 3600
ADVICE: dict[type[SendoffError], str] = {
    AccessRefused: "let who releases do cloudwatch:GetMetricData, or correct the target's credentials",
    AddressRefused: "correct the target's region, and the names of metric and dimensions",
    BucketMissing: "see to the target's endpoint",
    StepErrored: "see to CloudWatch and the network, then try again",
}


class CloudWatch:
    """Metrics of one namespace and its dimensions, asked through a client of the target's."""

    def __init__(self, client: CloudWatchClient, namespace: str, dimensions: Mapping[str, str]) -> None:
        self.client, self.namespace, self.dimensions = client, namespace, dimensions

    @property
    def _where(self) -> str:
        named = ", ".join(f"{name}={value}" for name, value in self.dimensions.items())
        return f"CloudWatch {self.namespace} ({named})"

    def sums(self, metrics: Mapping[str, str], start: datetime, end: datetime) -> dict[str, float | None]:
        """Sum up metrics over whole minutes that cover the time; None where there is no value.

        Args:
            metrics: The metrics' names, by what the sums are to be called: letters and digits
            start: From when; of what is long ago CloudWatch keeps coarser stretches than minutes
            end: Until when
        """
        period = next((each for age, each in KEPT if (end - start).total_seconds() <= age), HOUR)
        found = self._asked({key: (metric, "Sum") for key, metric in metrics.items()}, start, end, period)
        return {key: sum(values) if values else None for key, values in found.items()}

    def values(
        self, metric: str, statistic: str, start: datetime, end: datetime, every: int
    ) -> tuple[float, ...]:
        """Give one value for each stretch of so many seconds, whole minutes; gaps are left out."""
        return self._asked({"values": (metric, statistic)}, start, end, every)["values"]

    def _asked(
        self, metrics: Mapping[str, tuple[str, str]], start: datetime, end: datetime, period: int
    ) -> dict[str, tuple[float, ...]]:
        """Ask for all values, page by page; an answer that is not whole counts for nothing."""
        found: dict[str, list[float]] = {key: [] for key in metrics}
        states: dict[str, str] = {}
        doing = f"asking for {', '.join(name for name, _ in metrics.values())}"
        with boundary(self._where, doing, ADVICE):
            pages = self.client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[
                    self._query(key, name, statistic, period) for key, (name, statistic) in metrics.items()
                ],
                StartTime=_even(start, period),
                EndTime=_even(end, period, ceil),
                ScanBy="TimestampAscending",
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    found[result["Id"]] += result.get("Values", [])
                    states[result["Id"]] = _worst(states.get(result["Id"]), result["StatusCode"])
        for key, (name, _) in metrics.items():
            self._see_whole(name, states.get(key, "nothing"))
        return {key: tuple(values) for key, values in found.items()}

    def _query(self, key: str, name: str, statistic: str, period: int) -> MetricDataQueryTypeDef:
        return {
            "Id": key,
            "MetricStat": {
                "Metric": {
                    "Namespace": self.namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": each, "Value": value} for each, value in self.dimensions.items()],
                },
                "Period": period,
                "Stat": statistic,
            },
            "ReturnData": True,
        }

    def _see_whole(self, metric: str, state: str) -> None:
        if state == "Complete":
            return
        kind = AccessRefused if state == "Forbidden" else StepErrored
        raise kind(f"{self._where}: {metric} came as {state}, expected it Complete; {ADVICE[kind]}")


def _worst(before: str | None, state: str) -> str:
    """Join the states of two pages: PartialData means that more comes on the next page, the rest stays."""
    return state if before in (None, "PartialData", "Complete") else before


def _even(at: datetime, period: int, to: Callable[[float], int] = floor) -> datetime:
    """Move a time to where a stretch begins, as CloudWatch counts them."""
    return datetime.fromtimestamp(to(at.timestamp() / period) * period, UTC)
