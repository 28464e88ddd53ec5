"""Both variants asked the same, and compared: from a real Prometheus, and from CloudWatch emulators."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from sendoff.canary.measure import Sources, Variant, Window, compare
from sendoff.canary.prometheus import Prometheus
from sendoff.errors import StepErrored
from sendoff.spec.canary import FailureComparison, ValueComparison

OLD, NEW = Variant("1", "1.0-aaaaaaaaaaaa", "1.0"), Variant("2", "2.0-bbbbbbbbbbbb", "2.0")
DEADLINE = 60.0


def no_cloudwatch():
    raise AssertionError("nobody asks CloudWatch here")


NOWHERE = Sources(no_cloudwatch)
REAL = [pytest.mark.prometheus, pytest.mark.xdist_group("prometheus")]
EMULATED = [pytest.mark.aws, pytest.mark.xdist_group("aws")]


def marked(marks):
    def mark(test):
        for each in marks:
            test = each(test)
        return test

    return mark


def errors(url, **changes):
    """Compare failures, as a release file would."""
    query = 'sum(increase(requests_total{version="${variant}"%s}[${seconds}s]))'
    said = {
        "kind": "failures",
        "name": "errors",
        "source": {"kind": "prometheus", "url": url},
        "failures": query % ',code="500"',
        "total": query % "",
    }
    return FailureComparison(**{**said, **changes})


def latency(url, **changes):
    said = {
        "kind": "values",
        "name": "latency",
        "source": {"kind": "prometheus", "url": url},
        "values": 'avg(avg_over_time(latency{version="${variant}"}[${seconds}s]))',
        "worse": "higher",
        "tolerance": "10%",
    }
    return ValueComparison(**{**said, **changes})


@pytest.fixture
def window(prometheus):
    return Window(prometheus.past.end - timedelta(minutes=10), prometheus.past.end)


@marked(REAL)
def test_failures(prometheus, window):
    """The new release fails, the old one never did, and has no series of failures at all."""
    verdict = compare(errors(prometheus.url), NEW, OLD, window, NOWHERE)
    assert verdict.said.startswith(
        "errors: 40 of 200 requests failed (20.0 %) against 0 of 400 (0.0 %) of 1.0; worse (Fisher's "
    )
    assert verdict.state == "worse"
    assert compare(errors(prometheus.url), OLD, NEW, window, NOWHERE).state == "no worse"


@marked(REAL)
def test_values(prometheus, window):
    """The new release takes twice as long; each value stands for the minute before it."""
    verdict = compare(latency(prometheus.url), NEW, OLD, window, NOWHERE)
    assert verdict.said.startswith(
        "latency: a median of 0.406 over 10 values against a median of 0.206 over 10 "
    )
    assert verdict.state == "worse"
    assert compare(latency(prometheus.url), OLD, NEW, window, NOWHERE).state == "no worse"
    tolerant = latency(prometheus.url, tolerance="150%")
    assert compare(tolerant, NEW, OLD, window, NOWHERE).state == "no worse"


@marked(REAL)
def test_values_that_are_no_numbers(prometheus):
    """Gaps and what is no number are too little, and it is said so."""
    start = prometheus.past.start
    window = Window(start, start + timedelta(minutes=12))
    verdict = compare(latency(prometheus.url), NEW, OLD, window, NOWHERE)
    assert verdict.state == "not enough data"
    assert "that are not a number" in verdict.said


@marked(REAL)
def test_no_such_variant(prometheus, window):
    """Where metrics know nothing of one of the two, nothing is concluded."""
    unknown = Variant("3", "3.0-cccccccccccc", "3.0")
    for pair in ((unknown, OLD), (OLD, unknown)):
        assert compare(errors(prometheus.url), *pair, window, NOWHERE).state == "not enough data"
        assert compare(latency(prometheus.url), *pair, window, NOWHERE).state == "not enough data"


@marked(REAL)
@pytest.mark.parametrize(
    ("failures", "said"),
    [
        ("1000 + 0 * scalar(vector(${variant}))", "errors: 1000 of 200 requests of 2.0 failed"),
        ("-1 * vector(${variant})", "errors: -2 of 200 requests of 2.0 failed"),
        ("vector(0) / vector(0) * ${variant}", "errors: nan of 200 requests of 2.0 failed"),
    ],
)
def test_numbers_that_cannot_be(prometheus, window, failures, said):
    """More failures than requests, or less than none, are a wrong question."""
    with pytest.raises(StepErrored) as error:
        compare(errors(prometheus.url, failures=failures), NEW, OLD, window, NOWHERE)
    assert said in str(error.value)
    assert "correct 'failures' and 'total'" in str(error.value)


@marked(REAL)
def test_while_it_is_scraped(prometheus):
    """What an application shows just now is found once there is enough of it."""
    query = 'sum(increase(live_total{version="${variant}"%s}[${seconds}s]))'
    failing = errors(prometheus.url, failures=query % ',code="500"', total=query % "")
    slower = latency(prometheus.url, values='live_latency{version="${variant}"}', every=1)
    asked, deadline = Prometheus(prometheus.url), time.monotonic() + DEADLINE
    while not asked.number('count_over_time(live_latency{version="1"}[1h]) >= 12', datetime.now(UTC)):
        assert time.monotonic() < deadline, "it is not scraped"
        time.sleep(0.2)
    end = datetime.now(UTC)
    window = Window(end - timedelta(seconds=10), end)
    verdict = compare(failing, NEW, OLD, window, NOWHERE)
    assert verdict.state == "worse", verdict.said
    assert verdict.canary.failures == pytest.approx(verdict.canary.points / 10, abs=2)
    assert compare(failing, OLD, NEW, window, NOWHERE).state == "no worse"
    assert compare(slower, NEW, OLD, window, NOWHERE).state == "worse"


CLOUDWATCH = {
    "kind": "cloudwatch",
    "namespace": "Shop/Lambda",
    "dimensions": {"Resource": "shop:live", "ExecutedVersion": "${variant}"},
}


@marked(EMULATED)
def test_cloudwatch(emulator):
    """The target's own client asks for the dimensions of each."""
    client, minutes = emulator.client("cloudwatch"), 12
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    metrics = {
        "1": {"Calls": 50.0, "Took": 20.0},
        "2": {"Calls": 10.0, "Took": 30.0, "Errors": 1.0},
    }
    data = [
        {
            "MetricName": name,
            "Dimensions": [
                {"Name": "Resource", "Value": "shop:live"},
                {"Name": "ExecutedVersion", "Value": version},
            ],
            "Timestamp": end - timedelta(minutes=minute),
            "Value": value + minute / 1000 if name == "Took" else value,
        }
        for version, values in metrics.items()
        for name, value in values.items()
        for minute in range(1, minutes + 1)
    ]
    client.put_metric_data(Namespace="Shop/Lambda", MetricData=data)
    window, sources = Window(end - timedelta(minutes=minutes), end), Sources(lambda: client)
    failing = errors("http://p", source=CLOUDWATCH, failures="Errors", total="Calls")
    verdict = compare(failing, NEW, OLD, window, sources)
    assert verdict.said.startswith(
        "errors: 12 of 120 requests failed (10.0 %) against 0 of 600 (0.0 %) of 1.0"
    )
    assert verdict.state == "worse"
    slower = latency("http://p", source=CLOUDWATCH, values="Took", statistic="Average")
    assert compare(slower, NEW, OLD, window, sources).state == "worse"
    assert compare(slower, OLD, NEW, window, sources).state == "no worse"
