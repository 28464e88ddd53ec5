"""Whether a canary is worse than its baseline, decided by exact and rank tests; nothing is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, isnan
from statistics import median
from typing import Literal, NamedTuple

from sendoff.model import Frozen

FISHER = "Fisher's exact test, one-sided"
MANN_WHITNEY = "Mann-Whitney U test, one-sided"
FEW = 8  # below, the normal approximation of U is not trusted
PAIRS = 10_000  # up to which the exact distribution of U is worked out, in some 50 ms
SEED = 1  # the same data has to give the same verdict, whoever asks again

State = Literal["no worse", "worse", "not enough data"]


class Counted(NamedTuple):
    """How many of the requests failed; PromQL's `increase()` extrapolates, so they need not be whole."""

    failures: float
    total: float


class Side(Frozen):
    """What was measured of one of the two: how many requests or values, and how many of them failed."""

    points: int
    failures: int | None = None


class Verdict(Frozen):
    """What a comparison came to. `said` is a sentence; `p` is None where no test was made."""

    state: State
    said: str
    p: float | None
    canary: Side
    baseline: Side


def compare_failures(
    canary: Counted, baseline: Counted, confidence: float, at_least: int, than: str = "the baseline"
) -> Verdict:
    """Tell whether a larger share of the canary's requests failed, by Fisher's exact test, one-sided.

    Fisher's test holds its rate of false alarms at any size, also where the baseline had no failures, for
    which a ratio of the two has no value. Boschloo's and Barnard's tests find a little more in small tables,
    but go through all tables of that size, which cannot be done for a million requests. More failures of the
    canary never make its p larger (Fisher 1935; Agresti, Categorical Data Analysis, chapter 3).

    Counts are rounded to the nearest whole number; failures are at most the total. What is significantly
    worse is so with any number of requests: `at_least` is what it takes to be called no worse. When even a
    canary of which every request had failed could not be told from the baseline, there is not enough data,
    unless its share of failures is no larger anyway.

    Args:
        canary: Its failures and requests
        baseline: Those of the release before
        confidence: 0.95 means that an equal canary is called worse in at most 5 of 100 comparisons
        at_least: The requests that each needs to be called no worse
        than: What the baseline is called in the sentence
    """
    failed, total = _whole(canary)
    failed_before, total_before = _whole(baseline)
    alpha = _alpha(confidence)
    p = _fisher(failed, total, failed_before, total_before)
    at_best = _fisher(total, total, failed_before, total_before)
    measured = (
        f"{failed:,} of {_counted(total, 'request')} failed{_per_cent(failed, total)} against "
        f"{failed_before:,} of {total_before:,}{_per_cent(failed_before, total_before)} of {than}"
    )
    is_more = failed * total_before > failed_before * total
    hopeless = _fisher(total, total, 0, total_before) >= alpha
    state: State
    if p < alpha:
        state, why = "worse", _tested(FISHER, p, alpha)
    elif min(total, total_before) < at_least:
        state, why = "not enough data", f"each needs {at_least:,} or more"
    elif hopeless or (is_more and at_best >= alpha):
        state, why = "not enough data", _hopeless(FISHER, at_best, alpha)
    else:
        state, why = "no worse", _tested(FISHER, p, alpha)
    return Verdict(
        state=state,
        said=f"{measured}; {state} ({why})",
        p=p,
        canary=Side(points=total, failures=failed),
        baseline=Side(points=total_before, failures=failed_before),
    )


def compare_values(
    canary: Sequence[float],
    baseline: Sequence[float],
    worse: Literal["higher", "lower"],
    tolerance: float,
    confidence: float,
    at_least: int,
    than: str = "the baseline",
) -> Verdict:
    """Tell whether the canary's values tend to be worse, by the Mann-Whitney U test, one-sided.

    It compares ranks, so that latencies need not be spread normally and one far value does not decide
    (Mann and Whitney 1947). The baseline is first moved by the tolerance towards the worse. The test is
    exact where that can be worked out: without ties, or by permutations for few values; else by the normal
    approximation, corrected for ties and continuity. It takes values for independent of each other.

    What is not a number (NaN) is no measurement and left out; an infinite value counts as the largest or
    smallest. With less than `at_least` values there is no verdict: the first ones are those of warming up.

    Args:
        canary: Its values, in any order
        baseline: Those of the release before
        worse: Which values are the worse ones
        tolerance: How much worse it may be, as a share of the value before: 0.1 for 10 %
        confidence: 0.95 means that an equal canary is called worse in some 5 of 100 comparisons
        at_least: The values that each needs
        than: What the baseline is called in the sentence
    """
    values = [each for each in canary if not isnan(each)]
    before = [each for each in baseline if not isnan(each)]
    alpha = _alpha(confidence)
    sides = {"canary": Side(points=len(values)), "baseline": Side(points=len(before))}
    measured = (
        f"{_middle(values)} over {_counted(len(values), 'value')} against {_middle(before)} over "
        f"{len(before):,} of {than}"
    )
    left_out = len(canary) + len(baseline) - len(values) - len(before)
    if left_out:
        measured += f", without {left_out:,} that are not a number"
    at_best = 1 / comb(len(values) + len(before), len(values))
    needed = max(at_least, 1)
    if min(len(values), len(before)) < needed or at_best >= alpha:
        is_little = min(len(values), len(before)) < needed
        why = f"each needs {needed:,} or more" if is_little else _hopeless(MANN_WHITNEY, at_best, alpha)
        return Verdict(state="not enough data", said=f"{measured}; not enough data ({why})", p=None, **sides)
    sign = 1 if worse == "higher" else -1
    p = _mann_whitney(
        [sign * each for each in values], [sign * each + abs(each) * tolerance for each in before]
    )
    state: State = "worse" if p < alpha else "no worse"
    tolerated = f", {tolerance * 100:g} % tolerated" if tolerance else ""
    return Verdict(
        state=state,
        said=f"{measured}{tolerated}; {state} ({_tested(MANN_WHITNEY, p, alpha)})",
        p=p,
        **sides,
    )


def _alpha(confidence: float) -> float:
    """Give what p has to be less than; rounded, as 1 - 0.95 is a little more than 0.05 in floats."""
    return round(1 - confidence, 12)


def _whole(counted: Counted) -> tuple[int, int]:
    if not 0 <= counted.total < float("inf") or not 0 <= counted.failures < float("inf"):
        raise ValueError(f"{counted} are no counts, expected numbers from 0 on")
    total = round(counted.total)
    return min(round(counted.failures), total), total


def _fisher(failed: int, total: int, failed_before: int, total_before: int) -> float:
    from scipy.stats import fisher_exact  # noqa: PLC0415 -- scipy takes seconds to load

    table = [[failed, total - failed], [failed_before, total_before - failed_before]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _mann_whitney(values: Sequence[float], before: Sequence[float]) -> float:
    """Work out how likely values rank as high if both are alike."""
    from numpy.random import default_rng  # noqa: PLC0415 -- comes with scipy, which takes seconds to load
    from scipy.stats import PermutationMethod, mannwhitneyu  # noqa: PLC0415 -- the same

    has_ties = len({*values, *before}) < len(values) + len(before)
    if not has_ties and len(values) * len(before) <= PAIRS:
        method = "exact"
    elif min(len(values), len(before)) < FEW:
        method = PermutationMethod(n_resamples=9999, rng=default_rng(SEED))
    else:
        method = "asymptotic"
    return float(mannwhitneyu(values, before, alternative="greater", method=method).pvalue)


def _tested(test: str, p: float, alpha: float) -> str:
    return f"{test}, p = {p:.2g} {'<' if p < alpha else '≥'} {alpha:g}"


def _hopeless(test: str, at_best: float, alpha: float) -> str:
    return f"{test}: the worst canary would come to p = {at_best:.2g}, less than {alpha:g} is needed"


def _per_cent(failed: int, total: int) -> str:
    return f" ({failed / total:.1%})".replace("%", " %") if total else ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _middle(values: Sequence[float]) -> str:
    return f"a median of {median(values):.4g}" if values else "nothing"
