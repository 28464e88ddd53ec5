"""Numbers out of CloudWatch: what emulators keep, and answers as AWS documents them."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from examples.ports import free_port
from sendoff.canary.cloudwatch import CloudWatch
from sendoff.errors import PolicyRefused, StepErrored
from tests.kit.emulators import connect

START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)
END = START + timedelta(minutes=10)
SHOP = "Shop/Lambda"
DIMENSIONS = {"FunctionName": "shop", "ExecutedVersion": "2"}
SUMS = {"failures": "Errors", "total": "Invocations"}


def emulated(test):
    return pytest.mark.aws(pytest.mark.xdist_group("aws")(test))


def put(client, metric, version, values):
    """Put a value into each second half of a minute, from the start on."""
    dimensions = [{"Name": "FunctionName", "Value": "shop"}, {"Name": "ExecutedVersion", "Value": version}]
    data = [
        {
            "MetricName": metric,
            "Dimensions": dimensions,
            "Timestamp": START + timedelta(minutes=number, seconds=30),
            "Value": value,
        }
        for number, value in enumerate(values)
    ]
    client.put_metric_data(Namespace=SHOP, MetricData=data)


@pytest.fixture
def client(emulator):
    """Two versions: 2 has had errors, 1 none at all."""
    found = emulator.client("cloudwatch")
    put(found, "Invocations", "1", [100.0] * 12)
    put(found, "Invocations", "2", [10.0] * 12)
    put(found, "Errors", "2", [0.0, 3.0, 2.0])
    put(found, "Duration", "2", [float(n) for n in range(10, 22)])
    return found


@emulated
def test_sums(client):
    """What lies in the time is summed up, and only of these dimensions; no values are no zero."""
    assert CloudWatch(client, SHOP, DIMENSIONS).sums(SUMS, START, END) == {"failures": 5, "total": 100}
    before = {**DIMENSIONS, "ExecutedVersion": "1"}
    assert CloudWatch(client, SHOP, before).sums(SUMS, START, END) == {"failures": None, "total": 1000}


@emulated
def test_time_is_covered(client):
    """Where the time begins or ends within a minute, the whole minute counts."""
    asked = CloudWatch(client, SHOP, DIMENSIONS)
    start, end = START + timedelta(seconds=45), START + timedelta(minutes=2, seconds=10)
    assert asked.sums(SUMS, start, end) == {"failures": 5, "total": 30}
    assert asked.values("Duration", "Average", start, end, 60) == (10, 11, 12)


@emulated
def test_values(client):
    """There is one value for each stretch, in the order of time."""
    asked = CloudWatch(client, SHOP, DIMENSIONS)
    assert asked.values("Duration", "Maximum", START, END, 60) == tuple(range(10, 20))
    assert asked.values("Nothing", "Maximum", START, END, 60) == ()


@pytest.mark.aws
@pytest.mark.xdist_group("aws")
def test_percentiles(ministack):
    """A percentile is one of each minute's values; moto knows none."""
    ministack.reset()
    client = ministack.client("cloudwatch")
    for value in range(1, 11):
        put(client, "Duration", "2", [float(value), float(value * 2)])
    found = CloudWatch(client, SHOP, DIMENSIONS).values("Duration", "p90", START, END, 60)
    assert found == pytest.approx((9, 18), rel=0.1)


@pytest.fixture(scope="module")
def unreachable():
    """A client where nobody listens."""
    return connect("cloudwatch", f"http://127.0.0.1:{free_port()}", 1)


@pytest.fixture
def stubbed(unreachable):
    """Answers as AWS documents them; botocore holds them and what is asked against its own description."""
    with Stubber(unreachable) as stub:
        yield unreachable, stub
        stub.assert_no_pending_responses()


def page(state, values, token=None, key="values"):
    result = {"Id": key, "Values": values, "StatusCode": state}
    return {"MetricDataResults": [result], **({"NextToken": token} if token else {})}


def asked(start, end, period, **more):
    """Give what is to be asked of CloudWatch."""
    metric = {
        "Namespace": SHOP,
        "MetricName": "Duration",
        "Dimensions": [{"Name": name, "Value": value} for name, value in DIMENSIONS.items()],
    }
    stat = {"Metric": metric, "Period": period, "Stat": "p90"}
    query = {"Id": "values", "MetricStat": stat, "ReturnData": True}
    times = {"StartTime": start, "EndTime": end, "ScanBy": "TimestampAscending"}
    return {"MetricDataQueries": [query], **times, **more}


def durations(client):
    return CloudWatch(client, SHOP, DIMENSIONS).values("Duration", "p90", START, END, 60)


def test_pages(stubbed):
    """All pages are read; until the last one, that there is more is no trouble."""
    client, stub = stubbed
    stub.add_response("get_metric_data", page("PartialData", [1.0, 2.0], "next"), asked(START, END, 60))
    stub.add_response("get_metric_data", page("Complete", [3.0]), asked(START, END, 60, NextToken="next"))
    assert durations(client) == (1, 2, 3)


@pytest.mark.parametrize(
    ("pages", "kind", "said"),
    [
        ([("PartialData", None)], StepErrored, "Duration came as PartialData, expected it Complete"),
        ([("InternalError", None)], StepErrored, "Duration came as InternalError"),
        ([("InternalError", "a"), ("Complete", None)], StepErrored, "Duration came as InternalError"),
        ([("PartialData", "a"), ("InternalError", None)], StepErrored, "Duration came as InternalError"),
        ([("Complete", "a"), ("PartialData", None)], StepErrored, "Duration came as PartialData"),
        ([("PartialData", "a"), ("PartialData", "a")], StepErrored, "The same next token was received twice"),
        ([("Forbidden", None)], PolicyRefused, "Duration came as Forbidden"),
    ],
)
def test_answers_that_are_not_whole(stubbed, pages, kind, said):
    """Half of the values are no values."""
    client, stub = stubbed
    for state, token in pages:
        stub.add_response("get_metric_data", page(state, [1.0], token))
    with pytest.raises(kind) as error:
        durations(client)
    assert str(error.value).startswith(f"CloudWatch {SHOP} (FunctionName=shop, ExecutedVersion=2): ")
    assert said in str(error.value)


def test_a_metric_without_an_answer(stubbed):
    """What is not answered at all is not whole either."""
    client, stub = stubbed
    stub.add_response("get_metric_data", {"MetricDataResults": []})
    with pytest.raises(StepErrored, match="Duration came as nothing, expected it Complete"):
        durations(client)


@pytest.mark.parametrize(
    ("code", "status", "kind", "advice"),
    [
        ("AccessDenied", 403, PolicyRefused, "let who releases do cloudwatch:GetMetricData"),
        ("Throttling", 400, StepErrored, "then try again"),
        ("InternalServiceError", 500, StepErrored, "then try again"),
    ],
)
def test_refusals(stubbed, code, status, kind, advice):
    """What is refused says which right is needed; the rest may be tried again."""
    client, stub = stubbed
    stub.add_client_error("get_metric_data", code, "no", status)
    with pytest.raises(kind, match="asking for Duration failed") as error:
        durations(client)
    assert advice in str(error.value)


def test_nobody_listens(unreachable):
    """Where there is no CloudWatch, it is machinery that broke."""
    with pytest.raises(StepErrored, match="asking for Duration failed"):
        durations(unreachable)


@pytest.mark.parametrize(("days", "period"), [(1, 60), (14, 60), (15, 300), (30, 300), (63, 3600)])
def test_what_is_long_ago(stubbed, days, period):
    """Minutes are kept for 15 days, so longer times are asked for in coarser stretches that cover them."""
    client, stub = stubbed
    end = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
    start = end - timedelta(days=days)
    seen = {}
    event = "provide-client-params.cloudwatch.GetMetricData"
    client.meta.events.register(event, lambda params, **_: seen.update(params), unique_id="seen")
    stub.add_response("get_metric_data", page("Complete", [1.0, 2.0], key="total"))
    assert CloudWatch(client, SHOP, DIMENSIONS).sums({"total": "Invocations"}, start, end) == {"total": 3}
    client.meta.events.unregister(event, unique_id="seen")
    assert seen["MetricDataQueries"][0]["MetricStat"]["Period"] == period
    for at, given in ((start, seen["StartTime"]), (end, seen["EndTime"])):
        assert given.timestamp() % period == 0
        assert abs((at - given).total_seconds()) < period
    assert seen["StartTime"] <= start < end <= seen["EndTime"]
