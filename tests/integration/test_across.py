"""One release over a fleet, a site and a function, undone as one; and a function behind a canary."""

from __future__ import annotations

import io
import json
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from prefect.states import Cancelling
from pydantic import SecretStr

from blocks.aws import AwsConnection
from tests.kit.runs import processes, send
from tests.kit.serving import Handler, serving

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.s3,
    pytest.mark.aws,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(2400),
]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "everywhere"
SCRIPT = (EXAMPLE / "build.sh").read_text()
SECRET = "the secret of the function"
Until = Callable[..., Any]
Answers = Callable[[str], float]


@dataclass
class Metrics:
    """A server that answers Prometheus' instant queries as the test says."""

    address: str = ""
    answers: Answers = lambda query: 0.0
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    made = Metrics()

    class Prometheus(Handler):
        def do_GET(self) -> None:
            (query,) = parse_qs(urlsplit(self.path).query)["query"]
            made.asked.append(query)
            value = {"metric": {}, "value": [0, str(made.answers(query))]}
            data = {"status": "success", "data": {"resultType": "vector", "result": [value]}}
            self.answer(200, json.dumps(data).encode(), {"Content-Type": "application/json"})

    with serving(Prometheus) as server:
        made.address = server.address
        yield made


def make_function(ministack: Any, name: str) -> None:
    """Make a function with an alias, as it is before Sendoff's first release."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("prices.py", "def handler(event, context):\n    return {'version': '0'}\n")
    client = ministack.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=f"arn:aws:iam::{ministack.account}:role/shop",
        Handler="prices.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)


def answer_of(ministack: Any, name: str) -> Any:
    """Ask the function as its callers do."""
    said = ministack.client("lambda").invoke(FunctionName=name, Qualifier="live")
    return json.loads(said["Payload"].read())["version"]


def of_example(
    make: Callable[..., Application], name: str, hosts: Sequence[str] = ("unused",), **described: Any
) -> Application:
    """Make an application that is built as the example is."""
    app = make(name, hosts, script=SCRIPT, **described)
    of_the_example = shutil.ignore_patterns("release.yaml")  # each in the catalog is one of an application
    shutil.copytree(EXAMPLE, app.folder / "source", ignore=of_the_example, dirs_exist_ok=True)
    return app


def function_of(ministack: Any, name: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "lambda",
        "name": "prices",
        "function": name,
        "alias": "live",
        "region": "eu-central-1",
        "endpoint": ministack.endpoint,
        **more,
    }


def save(name: str, key: str, secret: str) -> None:
    block = AwsConnection(access_key_id=key, secret_access_key=SecretStr(secret))
    block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg]  # as in blocks/lookup.py


def test_undone_as_one(
    stack: Stack, s3: Any, ministack: Any, make_application: Callable[..., Application]
) -> None:
    """Hosts, site and function go live in turn; when the last check fails, all three are put back.

    It is the example, with hosts, bucket and function on this machine. The second one has a wrong price.
    """
    bucket, name = str(s3.make().name), "shop-everywhere"
    make_function(ministack, name)
    app = of_example(make_application, "everywhere", ("a", "b"))
    (described,) = yaml.safe_load((EXAMPLE / "release.yaml").read_text())["environments"]
    web, pages, prices = described["targets"]
    web |= {
        "hosts": list(app.hosts.names),
        "private_key": str(app.hosts.client_key),
        "known_hosts": str(app.hosts.known_hosts),
        "root": "{base}/app",
    }
    pages |= {"account": None, "bucket": bucket, "endpoint": s3.endpoint, "region": "us-east-1"}
    prices |= {"account": None, **function_of(ministack, name)}
    prices["canary"]["steps"][0]["soak"] = "1s"
    described["checks"][-1]["deadline"] = "3s"
    app.describe(environment=described, script=SCRIPT)
    stack.register()
    save(
        "everywhere-production-pages",
        s3.credentials.access_key_id,
        s3.credentials.secret_access_key.get_secret_value(),
    )
    save("everywhere-production-prices", "AKIDEMULATED", SECRET)

    def pointer() -> Any:
        found = s3.client.get_object(Bucket=bucket, Key=".sendoff/current.json")["Body"].read()
        return json.loads(found)["release"].partition("-")[0]

    good, _ = stack.tell("release", app.what("1"), "Live")
    assert (app.live, pointer(), answer_of(ministack, name)) == (["1", "1"], "1", "1")
    source = app.folder / "source" / "prices.py"
    source.write_text(source.read_text().replace("1200", "12"))
    bad, state = stack.tell("release", app.what("2"), "Undone")
    assert "prices answered without '\"total\": 2400'" in str(state.message)
    assert (app.live, pointer(), answer_of(ministack, name)) == (["1", "1"], "1", "1")
    moves = [(event.body["host"], event.body["version"]) for event in stack.events(bad, "host.live")]
    assert sorted(moves[:2]) == [("a", "2"), ("b", "2")]
    assert moves[2:4] == [("pages", "2"), ("prices", "2")]
    assert sorted(moves[4:]) == [("a", "1"), ("b", "1"), ("pages", "1"), ("prices", "1")]
    assert moves[4][0] == "prices"
    alias = ministack.client("lambda").get_alias(FunctionName=name, Name="live")
    assert not (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    stack.assert_settled(app.name)
    for run in (good, bad):
        told = [stack.logs(run), stack.report(run), *(str(event.body) for event in stack.events(run))]
        assert not [each for each in told if SECRET in each]


def test_a_canary_that_is_worse(
    stack: Stack, ministack: Any, metrics: Metrics, make_application: Callable[..., Application]
) -> None:
    """A canary that is no worse takes over; one that fails more often is put back, as the report says."""
    name = "shop-canary"
    make_function(ministack, name)
    errors = {
        "kind": "failures",
        "name": "errors",
        "source": {"kind": "prometheus", "url": metrics.address},
        "failures": 'sum(increase(errors{version="${variant}"}[${seconds}s]))',
        "total": 'sum(increase(requests{version="${variant}"}[${seconds}s]))',
    }
    steps = [{"weight": 10, "soak": "1s"}, {"weight": 50, "soak": "1s"}]
    api = function_of(ministack, name, canary={"steps": steps, "compare": [errors]})
    app = of_example(make_application, "canary", environment={"targets": [api]})
    save("canary-production-prices", "AKIDEMULATED", SECRET)
    first, _ = stack.tell("release", app.what("1"), "Live")
    assert metrics.asked == []
    metrics.answers = lambda query: 1000.0 if "requests" in query else 0.0
    second, _ = stack.tell("release", app.what("2"), "Live")
    assert answer_of(ministack, name) == "2"
    weights = [event.body["weight"] for event in stack.events(second, "canary.shifted")]
    assert weights == [10, 50]
    compared = [event.body["state"] for event in stack.events(second, "canary.compared")]
    assert compared == ["no worse", "no worse"]

    newest = max(
        int(each["Version"])
        for each in ministack.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
        if each["Version"] != "$LATEST"
    )
    fails = f'errors{{version="{newest + 1}"}}'
    metrics.answers = lambda query: 1000.0 if "requests" in query else 30.0 * (fails in query)
    third, state = stack.tell("release", app.what("3"), "Undone")
    assert answer_of(ministack, name) == "2"
    assert "errors: 30 of 1,000 requests" in str(state.message)
    assert [event.body["weight"] for event in stack.events(third, "canary.shifted")] == [10]
    report = stack.report(third)
    assert "| prices | 10 % | 1 s | not passed |" in report
    assert "Customers could see it on prices (at most 10 % of the traffic)" in report
    stack.assert_settled(app.name)
    assert [event.body["state"] for event in stack.events(first, "canary.compared")] == []


def test_killed_while_it_is_watched(
    stack: Stack, ministack: Any, make_application: Callable[..., Application], eventually: Until
) -> None:
    """A process that dies while a canary is watched is followed by one that goes on from there."""
    name = "shop-killed"
    make_function(ministack, name)
    api = function_of(ministack, name, canary={"steps": [{"weight": 30, "soak": "5s"}]})
    app = of_example(make_application, "killed", environment={"targets": [api]})
    save("killed-production-prices", "AKIDEMULATED", SECRET)
    run = stack.start("release", app.what("1"))
    eventually(lambda: stack.events(run, "canary.shifted"), "it has a share of the traffic")
    send(processes(run), signal.SIGKILL)
    eventually(lambda: stack.state(run).name == "Live", "another process has brought it to its end")
    assert answer_of(ministack, name) == "1"
    assert len(stack.events(run, "release.recovered")) == 1
    assert len(stack.events(run, "canary.shifted")) == len(stack.events(run, "canary.passed")) == 1
    assert len(ministack.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]) == 3
    stack.assert_settled(app.name)


def test_cancelled_while_it_is_watched(
    stack: Stack, ministack: Any, make_application: Callable[..., Application], eventually: Until
) -> None:
    """Who cancels is told which share of the traffic it had; the next release ends that."""
    name = "shop-cancelled"
    make_function(ministack, name)
    api = function_of(ministack, name, canary={"steps": [{"weight": 30, "soak": "10m"}]})
    app = of_example(make_application, "cancelled", environment={"targets": [api]})
    save("cancelled-production-prices", "AKIDEMULATED", SECRET)
    run = stack.start("release", app.what("1"))
    eventually(lambda: stack.events(run, "canary.shifted"), "it has a share of the traffic")
    stack.client.set_flow_run_state(run, Cancelling())
    state = stack.wait_for(run, "Cancelled")
    assert "when 1 had 30 % of the traffic of prices" in str(state.message)
    eventually(lambda: not processes(run), "its process has ended")
    client = ministack.client("lambda")
    weights = client.get_alias(FunctionName=name, Name="live")["RoutingConfig"]["AdditionalVersionWeights"]
    assert list(weights.values()) == [0.3]
    stack.assert_settled(app.name)
    app.describe(environment={"targets": [{**api, "canary": None}]}, script=SCRIPT)
    stack.register()
    stack.tell("release", app.what("2"), "Live")
    assert answer_of(ministack, name) == "2"
    alias = client.get_alias(FunctionName=name, Name="live")
    assert not (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
