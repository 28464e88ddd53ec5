"""The form that asks what is to be done where something broke, and what is made of what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from sendoff.trouble import Trouble
from tasks import questions
from tasks.asking import Form, Given, StampedForm, filled_in
from tasks.questions import form, reply_to

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


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "bad", [{}, {"decision": "maybe"}, {"decision": ["retry"]}, {"decision": "leave out"}], ids=str
)
def test_what_does_not_fit_the_form_is_asked_again(
    gated: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, signed: bool, bad: dict[str, Any]
) -> None:
    """Whoever gets it past the server has answered nothing, and breaks nothing; the form says why."""
    made, shown = gated(signed=signed), []
    good = made.signs("ada", decision="retry")
    given = [lambda key: bad, good if signed else lambda key: {"decision": "retry", "who": "ada"}]

    def answer_to(model: type[Form], key: str, *_: Any) -> Given:
        shown.append((key, model._description))  # type: ignore[attr-defined]  # Prefect's own name
        return filled_in(model, given.pop(0)(key), key)

    monkeypatch.setattr(questions, "answer_to", answer_to)
    monkeypatch.setattr(questions, "why_it_waits", lambda run: "")
    reply = reply_to(made.run, trouble())
    assert (reply.decision, reply.who) == ("retry", "ada")
    refused, counted = made.bodies("trouble.answered")
    assert (refused["counted"], refused["decision"], refused["who"]) == (False, "", "")
    assert (counted["counted"], counted["proved"]) == (True, signed)
    assert [key for key, _ in shown] == ["trouble-deploy-1-1", "trouble-deploy-1-2"]
    assert "did not fit the form" in shown[1][1]
