"""What can be started from the UI: every entrypoint is there, and says what it asks for."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

from deployments.stories import AT_SITE, INNER, RECOVER, STORIES, entrypoint
from sendoff.server import stories

ALL = (*STORIES, *INNER, RECOVER, AT_SITE)
ids = [story.name for story in ALL]


@pytest.mark.parametrize("story", ALL, ids=ids)
def test_entrypoint_loads(story: Flow[..., Any]) -> None:
    """A worker gets the flow itself from its entrypoint, not a placeholder for what cannot be imported."""
    loaded: Flow[..., Any] = load_flow_from_entrypoint(entrypoint(story), use_placeholder_flow=False)
    assert type(loaded) is Flow
    assert loaded.fn is story.fn


@pytest.mark.parametrize("story", ALL, ids=ids)
def test_entrypoint_is_no_path(story: Flow[..., Any]) -> None:
    """An entrypoint names a module, so that nothing of the registering machine is baked in."""
    assert "/" not in entrypoint(story)
    assert ".py" not in entrypoint(story)


@pytest.mark.parametrize("story", ALL, ids=ids)
def test_parameters_are_described(story: Flow[..., Any]) -> None:
    """Each parameter, and each field inside it, says what it is for."""
    schema = story.parameters.model_dump_for_openapi()
    fields = {("", name): field for name, field in schema["properties"].items()}
    for model, definition in schema.get("definitions", {}).items():
        fields |= {(model, name): field for name, field in definition["properties"].items()}
    assert fields
    assert [key for key, field in fields.items() if not str(field.get("description") or "").strip()] == []


@pytest.mark.parametrize("story", ALL, ids=ids)
def test_story_is_described(story: Flow[..., Any]) -> None:
    """The story's page starts with a sentence about it."""
    assert story.description
    assert story.description[0].isupper()


def test_names_differ() -> None:
    """No two stories have one name."""
    assert len(set(ids)) == len(ids)


def test_the_server_knows_them() -> None:
    """What people may start there is what is registered for them, by name and by code."""
    assert {story.name: entrypoint(story) for story in STORIES} == stories.STORIES
    assert {story.name: entrypoint(story) for story in (*INNER, AT_SITE)} == stories.INNER
    assert entrypoint(RECOVER) == stories.RECOVER
