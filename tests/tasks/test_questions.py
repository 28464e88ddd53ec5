"""The form that asks what is to be done where something broke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from sendoff.trouble import Trouble
from tasks.asking import StampedForm
from tasks.questions import form

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


def trouble() -> Trouble:
    return Trouble.model_validate(
        {
            "place": "deploy",
            "number": 1,
            "version": "2",
            "broken": [{"target": "web", "host": "b", "said": "away"}],
            "of": 2,
            "is_borne": False,
            "staged": ["a"],
            "otherwise": "undo",
            "until": NOW + timedelta(hours=1),
        }
    )


def test_the_form_offers_what_is_possible() -> None:
    """There is no default, and nothing that cannot be done."""
    schema = form(trouble(), (), "what happened").model_json_schema()
    assert schema["properties"]["decision"]["enum"] == ["retry", "undo", "stop here"]
    assert schema["required"] == ["decision", "who"]
    assert all(field["title"] and field["description"] for field in schema["properties"].values())


def test_the_form_says_who_may() -> None:
    """Names are told; the question stands above."""
    made = form(trouble(), ("ada", "bob"), "what happened")
    assert made.model_json_schema()["properties"]["who"]["description"] == "Who you are: ada or bob"
    assert made._description == "what happened"
    with pytest.raises(ValidationError):
        made(decision="leave out", who="ada")


def test_the_form_does_not_ask_who_where_people_sign_in() -> None:
    """The server fills in who; the field for that has no need of an answer."""
    schema = form(trouble(), ("ada",), "what happened", StampedForm).model_json_schema()
    assert set(schema["properties"]) == {"decision", "comment", "stamp"}
    assert schema["required"] == ["decision"]
