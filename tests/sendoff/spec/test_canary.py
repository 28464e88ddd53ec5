"""A canary in a release file: what it is read as, and what does not fit together in it."""

import json

import pytest
from pydantic import ValidationError

from sendoff.model import Frozen
from sendoff.spec.canaries import canary_findings
from sendoff.spec.canary import Canary, put_in
from sendoff.spec.findings import translate

PROMETHEUS = {"kind": "prometheus", "url": "https://prometheus.example:9090/base"}
LAMBDA = {
    "kind": "cloudwatch",
    "namespace": "AWS/Lambda",
    "dimensions": {"FunctionName": "shop", "ExecutedVersion": "${variant}"},
}
ERRORS = {
    "kind": "failures",
    "name": "errors",
    "source": PROMETHEUS,
    "failures": 'sum(increase(http_total{pod="${variant}", code=~"5.."}[${seconds}s]))',
    "total": 'sum(increase(http_total{release="${release}"}[${seconds}s]))',
}
LATENCY = {
    "kind": "values",
    "name": "latency",
    "source": LAMBDA,
    "values": "Duration",
    "statistic": "p90",
    "worse": "higher",
    "tolerance": "10%",
}
RIGHT = {
    "steps": [{"weight": 5, "soak": "10m"}, {"weight": 50, "soak": "1h"}],
    "compare": [ERRORS, LATENCY],
}
FIRST, SECOND = ("compare", 0), ("compare", 1)


class Holder(Frozen):
    """A target that has a canary."""

    canary: Canary | None = None


def changed(*where, to):
    """Change one place of what is right; None takes it out."""
    data = json.loads(json.dumps(RIGHT))
    inner = data
    for piece in where[:-1]:
        inner = inner[piece]
    if to is None:
        del inner[where[-1]]
    else:
        inner[where[-1]] = to
    return data


def read(data):
    return Canary.model_validate_json(json.dumps(data), strict=True)


def found(data):
    return list(canary_findings(("canary",), read(data)))


def test_right():
    """All is read, durations in seconds, and comes back as it was."""
    canary = read(RIGHT)
    errors, latency = canary.compare
    assert [(step.weight, step.soak) for step in canary.steps] == [(5, 600), (50, 3600)]
    assert (errors.confidence, errors.at_least, errors.without_data) == (0.95, 100, "undo")
    assert (latency.share, latency.every, latency.at_least) == (0.1, 60, 10)
    assert list(canary_findings((), canary)) == []
    assert Canary.model_validate_json(canary.model_dump_json(), strict=True) == canary


@pytest.mark.parametrize(
    ("where", "to", "what"),
    [
        (("steps", 1, "weight"), 5, "5 is not more than the 5 of the step before"),
        ((*SECOND, "name"), "errors", "'errors' stands here twice"),
        ((*FIRST, "failures"), "sum(x)", "asks the same of both that are compared"),
        ((*FIRST, "total"), "sum(x[${seconds}s])", "asks the same of both that are compared"),
        ((*FIRST, "total"), 'x{v="${varaint}"}', "unknown placeholder 'varaint'"),
        ((*FIRST, "total"), 'x{v=~"a$"}', "'x{v=~\"a$\"}' has a '$' that is no placeholder"),
        ((*SECOND, "source", "dimensions"), {"A": "b"}, "are the same for both that are compared"),
        ((*SECOND, "source", "dimensions", "A"), "${seconds}", "unknown placeholder 'seconds'"),
        ((*SECOND, "every"), "30s", "30 s are no whole minutes"),
        ((*SECOND, "at_least"), 11, "600 s, the shortest soak, has 10 values of 60 s"),
    ],
)
def test_what_does_not_fit(where, to, what):
    """Each is found where it stands."""
    assert [(each.where, each.what) for each in found(changed(*where, to=to))] == [(("canary", *where), what)]


def test_statistics_belong_to_cloudwatch():
    """CloudWatch needs one; a query says it itself."""
    (lacks,) = found(changed(*SECOND, "statistic", to=None))
    assert (lacks.where, lacks.what) == (("canary", *SECOND), "'statistic' is missing")
    both = {**LATENCY, "source": PROMETHEUS, "values": "x{v='${variant}'}"}
    (useless,) = found(changed(*SECOND, to=both))
    assert (useless.where, useless.what) == (("canary", *SECOND, "statistic"), "is for CloudWatch only")


@pytest.mark.parametrize(
    ("every", "what"),
    [("1s", "14400 s, the longest soak, has 14400 values"), ("1500ms", "1.5 s are no whole seconds")],
)
def test_values_that_prometheus_gives(every, what):
    """What it would refuse for its length, or cannot be named in a query, is found before."""
    asked = {**LATENCY, "source": PROMETHEUS, "values": "x{v='${variant}'}", "every": every}
    del asked["statistic"]
    data = changed(*SECOND, to=asked)
    data["steps"][1]["soak"] = "4h"
    assert [(each.where, each.what) for each in found(data)] == [(("canary", *SECOND, "every"), what)]


def test_little_data_is_no_error_where_it_goes_on():
    """Only what would be undone each time is found."""
    data = changed(*SECOND, "at_least", to=1000)
    data["compare"][1]["without_data"] = "go on"
    assert found(data) == []


@pytest.mark.parametrize(
    ("where", "to", "what", "expected"),
    [
        (("steps", 0, "weight"), 100, "100 is not allowed", "99 or less"),
        (("steps",), [], "is an empty list", "at least 1 of them"),
        (("steps", 0, "soak"), "10 min", "'10 min' is not allowed", "a duration such as"),
        ((*FIRST, "source", "kind"), "graphite", "unknown kind 'graphite'", "'kind: prometheus' or"),
        ((*FIRST, "source", "url"), "http://a:b@c", "'http://a:b@c' is not allowed", "without a user"),
        ((*FIRST, "source", "url"), "http://c/?a=b", "'http://c/?a=b' is not allowed", "or a query"),
        ((*FIRST, "confidence"), 1, "1 is not allowed", "less than 1"),
        ((*FIRST, "worse"), "higher", "unknown key 'worse'", "one of: "),
        ((*SECOND, "tolerance"), 10, "10 is not allowed", "a share such as 10%"),
        ((*SECOND, "tolerance"), "ten", "'ten' is not allowed", "a share such as 10%"),
        ((*SECOND, "statistic"), "median", "'median' is not allowed", "a statistic of CloudWatch"),
        ((*SECOND, "worse"), "slower", "'slower' is not allowed", "'higher' or 'lower'"),
        ((*SECOND, "source", "dimensions"), {}, "is a mapping of nothing", "at least 1 of them"),
    ],
)
def test_wrong_values(where, to, what, expected):
    """What a value should have been is said where it stands, as of all of a release file."""
    with pytest.raises(ValidationError) as error:
        Holder.model_validate_json(json.dumps({"canary": changed(*where, to=to)}), strict=True)
    (finding,) = translate(error.value, Holder, {})
    assert finding.where == ("canary", *where)
    assert finding.what == what
    assert expected in finding.expected


@pytest.mark.parametrize("url", ["http://[::1]:9090", "http://p", "https://p.example/a/b/"])
def test_addresses(url):
    """Where Prometheus may be."""
    assert read(changed(*FIRST, "source", "url", to=url)).compare[0].source.url == url


def test_every_field_says_what_it_is():
    """The schema describes each field, for editors."""
    for model in Canary.model_json_schema()["$defs"].values():
        for name, field in model["properties"].items():
            assert field.get("description"), (model["title"], name)


def test_put_in():
    """Braces are PromQL's own, and a dollar sign is doubled."""
    assert put_in('x{v="${variant}",c=~"5$$"}', {"variant": "7"}) == 'x{v="7",c=~"5$"}'
