"""Whether a canary is worse: what is found, what is not, and how often it is found where nothing is."""

import math
import random
from math import comb, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from sendoff.canary.statistics import Counted, compare_failures, compare_values

FEWER = settings(max_examples=40)
counts = st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
numbers = st.floats(0.001, 1e6).map(lambda value: float(f"{value:.6g}"))
lists = st.lists(numbers, min_size=10, max_size=40)


def failures(canary, baseline, confidence=0.95, at_least=100):
    return compare_failures(Counted(*canary), Counted(*baseline), confidence, at_least)


def values(canary, baseline, worse="higher", tolerance=0.0, confidence=0.95, at_least=10):
    return compare_values(canary, baseline, worse, tolerance, confidence, at_least)


@pytest.mark.parametrize(
    ("canary", "baseline", "state"),
    [
        ((5, 100), (0, 1000), "worse"),
        ((100, 100), (0, 1000), "worse"),
        ((1000, 1000), (0, 100), "worse"),
        ((0, 1000), (100, 100), "no worse"),
        ((0, 100), (0, 1000), "no worse"),
        ((1, 100), (0, 1000), "no worse"),
        ((10, 1000), (10, 1000), "no worse"),
        ((100, 100), (100, 100), "no worse"),
        ((60_000, 1_000_000), (500_000, 10_000_000), "worse"),
        ((50_000, 1_000_000), (500_000, 10_000_000), "no worse"),
    ],
)
def test_failures(canary, baseline, state):
    """Also where the baseline has no failures at all, failures are found."""
    assert failures(canary, baseline).state == state


@pytest.mark.parametrize(
    ("canary", "baseline"),
    [
        ((0, 99), (0, 1000)),
        ((0, 1000), (0, 99)),
        ((5, 100), (0, 0)),
        ((0, 0), (0, 0)),
        ((100, 100), (0, 0)),
        ((2, 100), (0, 3)),
    ],
)
def test_too_few_requests(canary, baseline):
    """Without requests enough of both, nobody is told that all is well."""
    verdict = failures(canary, baseline)
    assert verdict.state == "not enough data"
    assert "each needs 100 or more" in verdict.said


@pytest.mark.parametrize(
    ("canary", "baseline"), [((50, 50), (0, 1000)), ((100, 100), (0, 10)), ((8, 8), (0, 8))]
)
def test_few_requests_that_say_enough(canary, baseline):
    """What is plainly worse is so with few requests, wherever there are few."""
    assert failures(canary, baseline).state == "worse"


@pytest.mark.parametrize(
    ("canary", "baseline"), [((1, 1), (0, 5)), ((2, 2), (0, 2)), ((0, 2), (0, 2)), ((100, 100), (99, 100))]
)
def test_what_can_never_be_found_is_not_called_well(canary, baseline):
    """Where the worst canary could not be told apart, there is not enough data, whatever was measured."""
    verdict = failures(canary, baseline, at_least=1)
    assert verdict.state == "not enough data"
    assert "the worst canary would come to p = " in verdict.said


def test_sentence_of_failures():
    """It says what was measured, on how much, and by which test it was decided."""
    verdict = compare_failures(Counted(5, 100), Counted(0, 1000), 0.95, 100, "1.0")
    assert verdict.said == (
        "5 of 100 requests failed (5.0 %) against 0 of 1,000 (0.0 %) of 1.0; worse "
        "(Fisher's exact test, one-sided, p = 5.7e-06 < 0.05)"
    )
    assert (verdict.canary.points, verdict.canary.failures) == (100, 5)
    assert (verdict.baseline.points, verdict.baseline.failures) == (1000, 0)
    assert verdict.p == pytest.approx(math.prod((100 - n) / (1100 - n) for n in range(5)), rel=1e-9)


def test_counts_that_are_not_whole():
    """They are rounded, and no more fail than there were."""
    verdict = failures((100.4, 99.6), (0.4, 1000.5))
    assert (verdict.canary.failures, verdict.canary.points) == (100, 100)
    assert (verdict.baseline.failures, verdict.baseline.points) == (0, 1000)


@pytest.mark.parametrize("canary", [(-1, 5), (1, nan), (nan, 5), (1, math.inf), (math.inf, 5)])
def test_what_is_no_count(canary):
    """What is no count is refused, as no verdict can be made of it."""
    with pytest.raises(ValueError, match="are no counts, expected numbers from 0 on"):
        failures(canary, (0, 100))


@FEWER
@given(canary=counts, baseline=counts, more=st.integers(1, 3000), confidence=st.floats(0.5, 0.999))
def test_more_failures_stay_worse(canary, baseline, more, confidence):
    """More failures of the canary never make a bad verdict a good one, nor p larger."""
    failed, total = canary
    before = failures(canary, baseline, confidence, 1)
    after = failures((min(failed + more, total), total), baseline, confidence, 1)
    assert before.state != "worse" or after.state == "worse"
    assert after.p <= before.p * (1 + 1e-9)


@FEWER
@given(canary=counts, baseline=counts, fewer=st.integers(1, 3000))
def test_a_better_baseline_leaves_it_worse(canary, baseline, fewer):
    """Fewer failures of the baseline never make a bad verdict a good one."""
    failed, total = baseline
    before = failures(canary, baseline, at_least=1)
    after = failures(canary, (max(failed - fewer, 0), total), at_least=1)
    assert before.state != "worse" or after.state == "worse"


@FEWER
@given(one=counts, other=counts)
def test_not_both_are_worse(one, other):
    """Of two, at most one is worse than the other."""
    assert {failures(one, other).state, failures(other, one).state} != {"worse"}


@FEWER
@given(counted=counts)
def test_equal_counts(counted):
    """What is equal is never worse."""
    assert failures(counted, counted, at_least=1).state != "worse"


@FEWER
@given(total=st.integers(100, 5000), baseline=st.integers(100, 5000))
def test_no_failures_before(total, baseline):
    """Against a baseline without failures, some number of failures is always worse."""
    states = [failures((failed, total), (0, baseline)).state for failed in (0, total)]
    assert states == ["no worse", "worse"]


def test_false_alarms_of_failures():
    """Over all that can come out, an equal canary is called worse no more often than was agreed."""
    of = 25
    worse = [
        (one, other)
        for one in range(of + 1)
        for other in range(of + 1)
        if failures((one, of), (other, of), at_least=1).state == "worse"
    ]
    for rate in (0.02, 0.1, 0.3, 0.5, 0.9):
        alarms = math.fsum(
            comb(of, one) * comb(of, other) * rate ** (one + other) * (1 - rate) ** (2 * of - one - other)
            for one, other in worse
        )
        assert alarms <= 0.05, rate
    assert len(worse) > 100


def test_power_of_failures():
    """Of canaries that fail five times as often, nearly all are found with a thousand requests."""
    seeded = random.Random(7)
    found = sum(
        failures(
            (sum(seeded.random() < 0.05 for _ in range(1000)), 1000),
            (sum(seeded.random() < 0.01 for _ in range(2000)), 2000),
        ).state
        == "worse"
        for _ in range(100)
    )
    assert found >= 98


def test_values_by_direction():
    """Higher is worse of latencies, lower of what one wants much of."""
    low, high = [float(n) for n in range(10)], [float(n) for n in range(20, 30)]
    assert values(high, low).state == "worse"
    assert values(low, high).state == "no worse"
    assert values(low, high, "lower").state == "worse"
    assert values(high, low, "lower").state == "no worse"


def test_sentence_of_values():
    """It says the medians, how many values there were, and by which test it was decided."""
    verdict = compare_values([2.0, 3.0, nan] * 10, [1.0] * 10, "higher", 0.1, 0.99, 10, "1.0")
    p = mannwhitneyu([2.0, 3.0] * 10, [1.1] * 10, alternative="greater", method="asymptotic").pvalue
    assert verdict.said == (
        "a median of 2.5 over 20 values against a median of 1 over 10 of 1.0, without 10 that are not a "
        f"number, 10 % tolerated; worse (Mann-Whitney U test, one-sided, p = {p:.2g} < 0.01)"
    )
    assert (verdict.canary.points, verdict.baseline.points) == (20, 10)


@pytest.mark.parametrize(
    ("worse", "factor", "tolerance", "state"),
    [
        ("higher", 1.08, 0.1, "no worse"),
        ("higher", 1.3, 0.1, "worse"),
        ("lower", 0.95, 0.1, "no worse"),
        ("lower", 0.7, 0.1, "worse"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_tolerance(worse, factor, tolerance, state, sign):
    """A share is tolerated towards the worse, of values below zero as well."""
    before = [sign * (100 + n / 10) for n in range(20)]
    towards = factor if sign > 0 else 2 - factor
    assert values([each * towards for each in before], before, worse, tolerance).state == state


@pytest.mark.parametrize("canary", [[], [nan] * 20, [9.0] * 9])
def test_too_few_values(canary):
    """What is not a number is no value, and without values there is no verdict."""
    one, other = values(canary, [1.0] * 20), values([1.0] * 20, canary)
    assert one.state == other.state == "not enough data"
    assert one.p is None
    assert "each needs 10 or more" in one.said


@pytest.mark.parametrize(
    ("count", "confidence", "state"),
    [
        (1, 0.5, "not enough data"),
        (3, 0.95, "not enough data"),
        (4, 0.95, "worse"),
        (10, 0.999999, "not enough data"),
    ],
)
def test_values_that_can_never_be_worse(count, confidence, state):
    """With so few values not even a canary above all of them shows."""
    canary, before = [float(n + 100) for n in range(count)], [float(n) for n in range(count)]
    verdict = values(canary, before, confidence=confidence, at_least=1)
    assert verdict.state == state
    assert state == "worse" or "the worst canary would come to p = " in verdict.said


def test_infinite_values():
    """An infinite latency is the worst there is."""
    assert values([math.inf] * 10, [float(n) for n in range(10)]).state == "worse"
    assert values([float(n) for n in range(10)], [math.inf] * 10).state == "no worse"


def test_few_values_with_ties_are_counted_through():
    """Of the 70 arrangements of these, three put as much above: any two of the three twos, and the threes."""
    canary, before = [2.0, 2.0, 3.0, 3.0], [1.0, 1.0, 2.0, 1.0]
    verdict = values(canary, before, at_least=1)
    assert verdict.p == pytest.approx(3 / 70)
    assert verdict == values(canary, before, at_least=1)


@FEWER
@given(data=lists, worse=st.sampled_from(["higher", "lower"]), tolerance=st.floats(0, 1))
def test_identical_values(data, worse, tolerance):
    """What is equal is never worse, also where all values are one."""
    assert values(data, data, worse, tolerance).state == "no worse"
    assert values(data[:1] * 10, data[:1] * 10, worse, tolerance).state == "no worse"


@FEWER
@given(canary=lists, baseline=lists, power=st.integers(-20, 20))
def test_units_do_not_matter(canary, baseline, power):
    """Seconds or milliseconds, the verdict is the same; powers of two keep floats as they are."""
    scaled = [[each * 2.0**power for each in side] for side in (canary, baseline)]
    assert values(*scaled, tolerance=0.25).p == values(canary, baseline, tolerance=0.25).p


@FEWER
@given(canary=lists, baseline=lists)
def test_directions_mirror(canary, baseline):
    """Lower is to negative values what higher is to positive ones."""
    mirrored = values([-each for each in canary], [-each for each in baseline], "lower")
    assert mirrored.p == values(canary, baseline, "higher").p


@FEWER
@given(canary=lists, baseline=lists)
def test_not_both_have_worse_values(canary, baseline):
    """Of two, at most one is worse than the other."""
    assert {values(canary, baseline).state, values(baseline, canary).state} != {"worse"}


@FEWER
@given(canary=lists, baseline=lists, tolerance=st.floats(0, 1))
def test_tolerance_only_forgives(canary, baseline, tolerance):
    """What is worse beyond a tolerance is worse without it."""
    strict, lenient = values(canary, baseline), values(canary, baseline, tolerance=tolerance)
    assert lenient.state != "worse" or strict.state == "worse"


@FEWER
@given(seed=st.integers(0, 10**6), by=st.floats(0, 5))
def test_worse_values_stay_worse(seed, by):
    """A canary that gets slower throughout does not become better."""
    seeded = random.Random(seed)
    canary = [seeded.gauss(0.5, 1) for _ in range(15)]
    baseline = [seeded.gauss(0, 1) for _ in range(15)]
    assert values([each + by for each in canary], baseline).p <= values(canary, baseline).p


@pytest.mark.parametrize("digits", [9, 1, 0])
@pytest.mark.parametrize(("one", "other"), [(12, 12), (10, 60)])
def test_false_alarms_of_values(digits, one, other):
    """An equal canary is called worse about as often as agreed, also where many values are the same."""
    seeded, rounds = random.Random(11), 1000
    alarms = sum(
        values(
            [round(seeded.lognormvariate(0, 1), digits) for _ in range(one)],
            [round(seeded.lognormvariate(0, 1), digits) for _ in range(other)],
        ).state
        == "worse"
        for _ in range(rounds)
    )
    assert 0.02 * rounds < alarms < 0.07 * rounds


def test_power_of_values():
    """A canary that is half as slow again is found nearly always in twenty values."""
    seeded = random.Random(5)
    found = sum(
        values(
            [1.5 * seeded.lognormvariate(0, 0.2) for _ in range(20)],
            [seeded.lognormvariate(0, 0.2) for _ in range(20)],
            tolerance=0.1,
        ).state
        == "worse"
        for _ in range(100)
    )
    assert found >= 95
