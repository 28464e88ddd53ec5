"""A canary: the new release gets some of the traffic, and is compared with the one that was live before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Template
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from sendoff.model import Frozen
from sendoff.spec.words import API, STATISTIC, Duration, Name, Text, wrong

OF_VARIANT = ("variant", "release", "version")
OFFERED = (*OF_VARIANT, "seconds")
"""What a query may name: what tells the two apart, and how many seconds one answer covers."""

PER_CENT = re.compile(r"^[0-9]{1,3}(\.[0-9]{1,3})?%$")


def _is_per_cent(value: Any) -> Any:
    if not isinstance(value, str) or not PER_CENT.fullmatch(value):
        raise wrong("a share such as 10%")
    return value


PerCent = Annotated[
    str, BeforeValidator(_is_per_cent), WithJsonSchema({"type": "string", "pattern": PER_CENT.pattern})
]


class CanaryStep(Frozen):
    """A share of the traffic, and how long it is watched."""

    weight: int = Field(ge=1, le=99, description="per cent of the traffic that the new release gets")
    soak: Duration = Field(description="how long it is watched before the next step, such as 10m")


class Prometheus(Frozen):
    """A server that speaks Prometheus' HTTP API; it is asked without credentials."""

    kind: Literal["prometheus"] = Field(description="a server that speaks Prometheus' HTTP API")
    url: Annotated[str, StringConstraints(pattern=API)] = Field(
        description="its address, to which /api/v1/query is added, such as https://prometheus.example"
    )


class CloudWatch(Frozen):
    """Metrics in CloudWatch; account, region, endpoint and credentials are the target's own."""

    kind: Literal["cloudwatch"] = Field(description="metrics in CloudWatch, where the target is")
    namespace: Text = Field(description="the namespace of the metrics, such as AWS/Lambda")
    dimensions: Annotated[dict[Text, Text], Field(min_length=1, max_length=30)] = Field(
        description="what tells the metrics apart, such as ExecutedVersion: ${variant}"
    )


MetricSource = Annotated[Prometheus | CloudWatch, Field(discriminator="kind")]

WithoutData = Literal["undo", "go on"]
CONFIDENCE = "how sure it has to be that the new release is worse, from 0.5 to less than 1"
WITHOUT = "what is done when there is not enough data to tell: undo the release, or go on"


class FailureComparison(Frozen):
    """Compares the shares of requests that failed."""

    kind: Literal["failures"] = Field(description="compares how many of the requests failed")
    name: Name = Field(description="what this comparison is called in reports, such as errors")
    source: MetricSource = Field(description="where the numbers come from")
    failures: Text = Field(description="a PromQL query for how many failed; of CloudWatch the metric's name")
    total: Text = Field(description="a PromQL query for how many there were; of CloudWatch the metric's name")
    confidence: float = Field(0.95, ge=0.5, lt=1, description=CONFIDENCE)
    at_least: int = Field(100, ge=1, description="how many requests each of the two has to have had")
    without_data: WithoutData = Field("undo", description=WITHOUT)


class ValueComparison(Frozen):
    """Compares values such as latencies, of which there is one for each stretch of time."""

    kind: Literal["values"] = Field(description="compares values, such as latencies, over time")
    name: Name = Field(description="what this comparison is called in reports, such as latency")
    source: MetricSource = Field(description="where the numbers come from")
    values: Text = Field(description="a PromQL query for one value; of CloudWatch the metric's name")
    statistic: Annotated[str, StringConstraints(pattern=STATISTIC)] | None = Field(
        None, description="for CloudWatch only: what is made of the metric, such as p90 or Average"
    )
    every: Duration = Field(
        60,
        description="the stretch that one value stands for: whole seconds, or of CloudWatch whole minutes",
    )
    worse: Literal["higher", "lower"] = Field(description="which values are the worse ones")
    tolerance: PerCent = Field("0%", description="how much worse it may be, as a share of the value before")
    confidence: float = Field(0.95, ge=0.5, lt=1, description=CONFIDENCE)
    at_least: int = Field(10, ge=1, description="how many values each of the two has to have")
    without_data: WithoutData = Field("undo", description=WITHOUT)

    @property
    def share(self) -> float:
        """Give the tolerance as a number: 0.1 for 10%."""
        return float(self.tolerance.rstrip("%")) / 100


Comparison = Annotated[FailureComparison | ValueComparison, Field(discriminator="kind")]


class Canary(Frozen):
    """How the new release takes over: step by step, and at each it has to be no worse."""

    steps: Annotated[tuple[CanaryStep, ...], Field(min_length=1, max_length=20)] = Field(
        description="the shares of the traffic, each larger than the one before; all of it comes after them"
    )
    compare: tuple[Comparison, ...] = Field(
        (), description="what is compared at each step with the release that was live before"
    )


def put_in(text: str, words: Mapping[str, str]) -> str:
    """Put values in place of `${name}`; `$$` is a dollar sign. Rules have seen that all names are known."""
    return Template(text).substitute(words)
