"""Rules on canaries: what has to fit together in its steps, its comparisons and their queries."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from sendoff.spec.canary import (
    OF_VARIANT,
    OFFERED,
    Canary,
    CloudWatch,
    FailureComparison,
    ValueComparison,
)
from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, quoted, unknown

MINUTE = 60
MOST_VALUES = 11_000  # points of a series in one answer of Prometheus
TELLS_APART = f"one of: {', '.join(f'${{{name}}}' for name in OF_VARIANT)}"


def canary_findings(where: Where, canary: Canary) -> Iterator[Finding]:
    """Find what does not fit together in a canary."""
    for index, (before, step) in enumerate(zip(canary.steps, canary.steps[1:], strict=False), 1):
        if step.weight <= before.weight:
            what = f"{step.weight} is not more than the {before.weight} of the step before"
            yield Finding((*where, "steps", index, "weight"), what, "weights that rise from step to step")
    names = [each.name for each in canary.compare]
    for index, comparison in enumerate(canary.compare):
        here = (*where, "compare", index)
        if comparison.name in names[:index]:
            yield Finding((*here, "name"), f"{quoted(comparison.name)} stands here twice", "each once")
        yield from _queries(here, comparison)
        if isinstance(comparison, ValueComparison):
            yield from _values(here, comparison, canary)


def _queries(here: Where, comparison: FailureComparison | ValueComparison) -> Iterator[Finding]:
    """Find queries that name what is not known, or ask the same of both."""
    if isinstance(comparison.source, CloudWatch):
        dimensions = comparison.source.dimensions
        at = (*here, "source", "dimensions")
        found = [each for key, value in dimensions.items() for each in _text((*at, key), value, OF_VARIANT)]
        yield from found
        if not found and not any(_tells_apart(value) for value in dimensions.values()):
            yield Finding(at, "are the same for both that are compared", TELLS_APART)
        return
    keys = ("failures", "total") if isinstance(comparison, FailureComparison) else ("values",)
    for key in keys:
        text = getattr(comparison, key)
        found = list(_text((*here, key), text, OFFERED))
        yield from found
        if not found and not _tells_apart(text):
            yield Finding((*here, key), "asks the same of both that are compared", TELLS_APART)


def _text(where: Where, text: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    template = Template(text)
    if not template.is_valid():
        what = f"{quoted(text)} has a '$' that is no placeholder"
        yield Finding(where, what, "a name as in ${variant}; write $$ for a dollar sign")
        return
    for name in template.get_identifiers():
        if name not in allowed:
            yield Finding(where, *unknown(name, list(allowed), "placeholder"))


def _tells_apart(text: str) -> bool:
    return not {*Template(text).get_identifiers()}.isdisjoint(OF_VARIANT)


def _values(here: Where, comparison: ValueComparison, canary: Canary) -> Iterator[Finding]:
    every = comparison.every
    if isinstance(comparison.source, CloudWatch):
        if comparison.statistic is None:
            yield Finding(here, "'statistic' is missing", "one for CloudWatch, such as Average or p90")
        if every % MINUTE:
            yield Finding((*here, "every"), f"{every:g} s are no whole minutes", "whole minutes such as 1m")
    else:
        yield from _asked_of_prometheus(here, comparison, canary)
    shortest = min(step.soak for step in canary.steps)
    if comparison.without_data == "undo" and shortest // every < comparison.at_least:
        what = f"{shortest:g} s, the shortest soak, has {shortest // every:g} values of {every:g} s"
        expected = (
            f"at least {comparison.at_least}, or it is always undone: soak longer, or a smaller "
            "'every' or 'at_least'"
        )
        yield Finding((*here, "at_least"), what, expected)


def _asked_of_prometheus(here: Where, comparison: ValueComparison, canary: Canary) -> Iterator[Finding]:
    if comparison.statistic is not None:
        what = "is for CloudWatch only"
        yield Finding((*here, "statistic"), what, "none: the query itself says what is made of the metric")
    if comparison.every % 1:
        yield Finding((*here, "every"), f"{comparison.every:g} s are no whole seconds", "whole seconds")
    longest = max(step.soak for step in canary.steps)
    if longest // comparison.every > MOST_VALUES:
        what = f"{longest:g} s, the longest soak, has {longest // comparison.every:g} values"
        expected = f"at most {MOST_VALUES:,}, which is what Prometheus gives: a longer 'every'"
        yield Finding((*here, "every"), what, expected)
