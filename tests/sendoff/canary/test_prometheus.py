"""Numbers out of a real Prometheus, and what is made of answers that are none."""

import math
from datetime import timedelta

import pytest

from examples.ports import free_port
from sendoff.canary.prometheus import Prometheus
from sendoff.errors import StepErrored

REAL = [pytest.mark.prometheus, pytest.mark.xdist_group("prometheus")]
ONE = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"5"]}]}}'


def real(test):
    for mark in REAL:
        test = mark(test)
    return test


@real
@pytest.mark.parametrize(
    ("query", "number"),
    [
        ('sum(increase(requests_total{version="1"}[600s]))', 400),
        ('sum(increase(requests_total{version="2"}[600s]))', 200),
        ('sum(increase(requests_total{version="2",code="500"}[600s]))', 40),
        ('sum(increase(requests_total{version="1",code="500"}[600s]))', None),
        ("scalar(vector(7))", 7),
        ("vector(0) / vector(0)", math.nan),
        ("vector(1) / vector(0)", math.inf),
    ],
)
def test_numbers(prometheus, query, number):
    """A number is one at a time of the past; where there is no series there is none."""
    found = Prometheus(prometheus.url).number(query, prometheus.past.end)
    assert found == pytest.approx(number, nan_ok=True)


@real
def test_numbers_end_with_the_time(prometheus):
    """What comes after the time that is asked for does not count."""
    query = 'sum(increase(requests_total{version="1"}[600s]))'
    asked = Prometheus(f"{prometheus.url}/")
    assert asked.number(query, prometheus.past.start) is None
    assert asked.number(query, prometheus.past.start + timedelta(minutes=5)) == pytest.approx(200, rel=0.05)


@real
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("requests_total", "came to 3 series, expected one; put sum(…) around it"),
        ('"text"', "came to a string, expected numbers of one series; correct the query"),
        ("requests_total[5m]", "came to a matrix, expected numbers of one series"),
        ("sum(", "was answered with 400 (bad_data: "),
    ],
)
def test_queries_that_are_wrong(prometheus, query, said):
    """It is said what came, and how to mend the query."""
    with pytest.raises(StepErrored) as error:
        Prometheus(prometheus.url).number(query, prometheus.past.end)
    assert f"{prometheus.url}: the query {query!r} {said}" in str(error.value)
    assert "; " in str(error.value)


@real
def test_values(prometheus):
    """There is one value at the end of each stretch; gaps are left out, what is no number is not."""
    past = prometheus.past
    found = Prometheus(prometheus.url).values('latency{version="1"}', past.start, past.end, 60)
    assert found == pytest.approx([0.2 + 4 * n / 10_000 for n in range(1, 21)])
    query = 'last_over_time(latency{version="2"}[15s])'
    gappy = Prometheus(prometheus.url).values(query, past.start, past.end, 60)
    assert gappy == pytest.approx(
        [0.4 + 4 / 10_000, math.nan, math.nan, *(0.4 + 4 * n / 10_000 for n in range(6, 21))], nan_ok=True
    )


@real
def test_values_of_whole_stretches(prometheus):
    """A stretch that has not ended has no value."""
    start = prometheus.past.start
    asked = Prometheus(prometheus.url)
    assert len(asked.values('latency{version="1"}', start, start + timedelta(seconds=179), 60)) == 2
    assert asked.values('latency{version="1"}', start, start + timedelta(seconds=59), 60) == ()
    assert asked.values('latency{version="3"}', start, prometheus.past.end, 60) == ()


@real
@pytest.mark.parametrize(
    ("query", "every", "said"),
    [("latency", 60, "came to 2 series"), ('latency{version="1"}', 0.1, "exceeded maximum resolution")],
)
def test_values_that_cannot_be_given(prometheus, query, every, said):
    """One series is asked for, with as many values as Prometheus gives."""
    with pytest.raises(StepErrored, match=said):
        Prometheus(prometheus.url).values(query, prometheus.past.start, prometheus.past.end, every)


BROKEN = [
    (
        {"status": 302, "headers": {"Location": "/login?next=secret"}},
        "302 to another address",
        "correct `url`",
    ),
    ({"status": 401}, "answered with 401,", "without credentials"),
    ({"status": 403, "body": b"<html>"}, "answered with 403,", "without credentials"),
    ({"status": 404}, "answered with 404,", "/api/v1/query has to be under it"),
    ({"status": 502, "body": b"bad gateway"}, "answered with 502,", "then try again"),
    (
        {"status": 503, "body": b'{"status":"error","errorType":"timeout","error":"query timed out"}'},
        "answered with 503 (timeout: query timed out)",
        "then try again",
    ),
    (
        {"body": b'{"status":"error","errorType":"execution","error":"no"}'},
        "answered with 200 (execution: no)",
        "correct `url`",
    ),
    ({"body": b"<html>welcome"}, "answered with 200,", "correct `url`"),
    ({"body": b"[]"}, "answered with 200,", "correct `url`"),
    ({"body": b'{"status":"success"}'}, "came to a None", "correct the query"),
    ({"body": ONE.replace(b'[1,"5"]', b'[1,"five"]')}, "came to \"[1, 'five']\"", "see to that server"),
    ({"body": ONE.replace(b'"value":[1,"5"]', b'"x":1')}, "came to 'None'", "see to that server"),
    ({"body": b"x" * (5 << 20)}, "more than 4 MiB", "see to that server"),
]


@pytest.mark.parametrize(("answer", "what", "advice"), BROKEN)
def test_answers_that_are_none(answering, moment, answer, what, advice):
    """Whatever comes, it is machinery that broke, with what to do; where it is sent on to is not told."""
    for name, value in answer.items():
        setattr(answering, name, value)
    with pytest.raises(StepErrored) as error:
        Prometheus(answering.url).number("up", moment)
    assert what in str(error.value)
    assert advice in str(error.value)
    assert "secret" not in str(error.value)
    assert len(answering.asked) == 1


def test_what_is_asked(answering, moment):
    """The query goes as it is, with a time, under the address."""
    answering.body = ONE
    assert Prometheus(f"{answering.url}/base/").number('x{a="&+"}', moment) == 5
    assert answering.asked == ["/base/api/v1/query?query=x%7Ba%3D%22%26%2B%22%7D&time=1767225600.000"]


def test_slow_answers(answering, moment):
    """An answer that comes byte by byte has to be over in time as well."""
    answering.body, answering.slow = ONE * 10, True
    with pytest.raises(StepErrored, match=r"was not answered within 0\.5 s"):
        Prometheus(answering.url, timeout=0.5).number("up", moment)


def test_nobody_listens(moment):
    """A server that is not there is machinery that broke."""
    with pytest.raises(StepErrored, match="could not be asked"):
        Prometheus(f"http://127.0.0.1:{free_port()}").number("up", moment)
