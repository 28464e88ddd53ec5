"""The start forms: dropdowns of what exists."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Flow

from deployments.forms import form
from deployments.stories import STORIES
from flows.line import line
from flows.release import release
from flows.rollback import rollback
from flows.verify import verify
from sendoff.spec.intent import ALL
from sendoff.spec.models import ReleaseFile


def release_file(application: str, *environments: str) -> ReleaseFile:
    target = {"name": "web", "user": "deploy", "root": "/srv/app", "hosts": ["a"]}
    return ReleaseFile.model_validate(
        {
            "application": application,
            "owner": "us",
            "hosts": {"a": {"address": "a.example"}},
            "build": {"source": {"folder": "."}, "command": ["make"], "output": "out"},
            "environments": [{"name": name, "targets": [target]} for name in environments],
        }
    )


FILES = [release_file("shop", "test", "live"), release_file("blog", "live", "preview")]


def field(schema: dict[str, Any], model: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["definitions"][model]["properties"][name]
    return found


def test_applications_are_a_dropdown() -> None:
    """All applications of the catalog can be chosen, by name, and no other."""
    assert field(form(release, FILES), "What", "application")["enum"] == ["blog", "shop"]


def test_environments_are_a_dropdown() -> None:
    """All environments can be chosen, each once, in the order of the files."""
    assert field(form(release, FILES), "What", "environment")["enum"] == ["test", "live", "preview"]


@pytest.mark.parametrize(("story", "model"), [(rollback, "WayBack"), (verify, "Where")])
def test_every_story_is_narrowed(story: Any, model: str) -> None:
    """Forms that ask for a place in another way have the same dropdowns."""
    assert field(form(story, FILES), model, "application")["enum"] == ["blog", "shop"]


def test_all_can_be_meant() -> None:
    """Where all are meant unless one is named, that can be chosen too, and comes first."""
    assert field(form(line, FILES), "Line", "application")["enum"] == [ALL, "blog", "shop"]
    assert field(form(line, FILES), "Line", "environment")["enum"] == [ALL, "test", "live", "preview"]


def test_choices_have_no_pattern() -> None:
    """A list of choices needs no pattern beside it, which the UI would show as a rule."""
    assert "pattern" not in field(form(release, FILES), "What", "application")


def test_what_is_free_stays_free() -> None:
    """A version is written, not chosen; what the field asks for is kept."""
    version = field(form(release, FILES), "What", "version")
    assert "enum" not in version
    assert version["description"]


def test_the_flow_is_not_changed() -> None:
    """Narrowing is of the form alone: the flow itself still takes what a later catalog has."""
    form(release, FILES)
    schema = release.parameters.model_dump_for_openapi()
    assert "enum" not in schema["definitions"]["What"]["properties"]["application"]


@pytest.mark.parametrize("story", [release, rollback])
def test_nobody_is_asked_who_they_are_where_people_sign_in(story: Any) -> None:
    """The server fills it in, so the form takes it; without sign-in it has to be typed."""
    typed, signed_in = (form(story, FILES, signs_in)["definitions"]["Intent"] for signs_in in (False, True))
    assert "requested_by" in typed["required"]
    assert "requested_by" not in signed_in["properties"]
    assert typed["required"] == [*signed_in["required"], "requested_by"]
    assert "additionalProperties" not in signed_in
    assert signed_in["x-filled-by-sign-in"] == "requested_by"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_field_has_a_name(story: Flow[..., Any]) -> None:
    """The newer UI calls a field without a title `Field`, and shows what Markdown is made of."""
    schema = form(story, FILES)
    for model in (schema, *schema["definitions"].values()):
        for name, each in model.get("properties", {}).items():
            assert {"title", "$ref", "allOf"} & each.keys(), name
            assert "`" not in each.get("description", ""), name
