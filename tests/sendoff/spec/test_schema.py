"""The JSON Schema of release files: of the newest draft, and of one mind with the loader."""

import json

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from sendoff.spec.models import ReleaseFile
from sendoff.spec.schema import schema

WEB = ("environments", 1, "targets", 0)
WINDOW, FREEZE = ("environments", 1, "windows", 0), ("environments", 1, "freezes", 0)
CHANGES = [
    (("application",), "Store"),
    (("owner",), 3),
    (("owner",), ""),
    (("owner",), None),
    (("description",), None),
    (("inventory",), "hosts.yaml"),
    (("unknown",), 1),
    (("hosts", "web-1", "port"), "22"),
    (("hosts", "web-1", "port"), 0),
    (("hosts", "web-1", "variables"), {"a": "x", "b": 1}),
    (("hosts", "web-1", "variables"), {"a": True}),
    (("hosts", "web-1", "variables"), {"a": 1.5}),
    (("hosts", "web-1", "variables"), {"a-b": 1}),
    (("hosts", "Web"), {"address": "x"}),
    (("hosts", "web-1", "address"), "-x"),
    (("build", "source"), {"folder": "."}),
    (("build", "source"), {"folder": ".", "git": "."}),
    (("build", "source"), {}),
    (("build", "command"), "make"),
    (("build", "command"), []),
    (("build", "command"), 7),
    (("build", "output"), "."),
    (("build", "output"), "a/../b"),
    (("build", "output"), "/a"),
    (("build", "output"), "a//b"),
    (("build", "output"), "a b/.c"),
    (("build", "timeout"), "2h"),
    (("build", "timeout"), 2.5),
    (("build", "timeout"), "2 h"),
    (("build", "timeout"), 0),
    (("build", "timeout"), True),
    ((*WEB, "batch"), 3),
    ((*WEB, "batch"), 0),
    ((*WEB, "batch"), "100%"),
    ((*WEB, "batch"), "0%"),
    ((*WEB, "batch"), None),
    ((*WEB, "root"), "/"),
    ((*WEB, "root"), "/srv/../etc"),
    ((*WEB, "root"), "/home/shop/.apps"),
    ((*WEB, "kind"), "ftp"),
    ((*WEB, "keep"), 1),
    (("environments", 1, "checks", 0, "kind"), "tcp"),
    (("environments", 1, "checks", 0, "command"), ["x"]),
    (("environments", 1, "gates", 0, "requester_may_approve"), "no"),
    ((*WINDOW,), {"opens": "09:00", "closes": "24:00", "days": ["mon"]}),
    ((*WINDOW,), {"opens": "24:00"}),
    ((*WINDOW,), {"opens": "9:00"}),
    ((*WINDOW,), {"days": []}),
    ((*WINDOW,), {"days": ["monday"]}),
    ((*FREEZE,), {"calendar": "x.ics", "owner": "a", "reason": "b"}),
    ((*FREEZE,), {"calendar": "x.ics", "owner": "a"}),
    ((*FREEZE,), {"begins": "2026-12-20 00:00", "ends": "2027-01-04 08:00", "owner": "a", "reason": "b"}),
    ((*FREEZE,), {"begins": "2026-12-20", "ends": "2027-01-04 08:00", "owner": "a", "reason": "b"}),
    ((*FREEZE,), {"begins": "2026-12-20 00:00", "owner": "a", "reason": "b"}),
    ((*FREEZE,), {"owner": "a", "reason": "b"}),
    (("environments",), []),
]


def is_accepted(data):
    try:
        ReleaseFile.model_validate_json(json.dumps(data), strict=True)
    except ValidationError:
        return False
    return True


def test_dialect():
    """The schema says which draft it is of, and keeps to it."""
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["title"] == "Sendoff release file"


def test_right(data):
    """A release file that is right fits the schema."""
    Draft202012Validator(schema()).validate(data)


@pytest.mark.parametrize(("where", "value"), CHANGES)
def test_agrees(data, where, value):
    """The schema accepts a value when the loader does."""
    inner = data
    for piece in where[:-1]:
        inner = inner[piece]
    inner[where[-1]] = value
    assert Draft202012Validator(schema()).is_valid(data) == is_accepted(data)


def test_described():
    """Every key says what it is for."""
    models = [schema(), *schema()["$defs"].values()]
    silent = [
        f"{each['title']}.{key}"
        for each in models
        for key, value in each["properties"].items()
        if "description" not in value
    ]
    assert silent == []
