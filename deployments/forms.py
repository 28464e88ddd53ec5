"""The start forms: each flow's own schema, narrowed to the applications and environments that exist."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from prefect import Flow
from prefect.utilities.callables import parameter_schema

from sendoff.signers import FILLED, WHO
from sendoff.spec.models import ReleaseFile


def form(story: Flow[..., Any], files: list[ReleaseFile], signs_in: bool = False) -> dict[str, Any]:
    """Give the schema of a flow's start form, with dropdowns for what can be chosen.

    Where people sign in it does not ask who they are; the server fills that in.
    """
    schema: dict[str, Any] = deepcopy(parameter_schema(story).model_dump_for_openapi())
    applications = sorted(file.application for file in files)
    environments = list(dict.fromkeys(each.name for file in files for each in file.environments))
    for model in schema.get("definitions", {}).values():
        _narrow(model, "application", applications)
        _narrow(model, "environment", environments)
        for name in WHO if signs_in else ():
            _have_filled(model, name)
    return schema


def _have_filled(model: dict[str, Any], name: str) -> None:
    """Do not ask for a field, and have the server fill it in; the flow itself still checks what comes."""
    if model.get("properties", {}).pop(name, None) is None:
        return
    model["required"] = [each for each in model.get("required", ()) if each != name]
    model.pop("additionalProperties", None)
    model[FILLED] = name


def _narrow(model: dict[str, Any], name: str, choices: list[str]) -> None:
    field = model.get("properties", {}).get(name)
    if field is not None:
        field.pop("pattern", None)
        field["enum"] = [field["default"], *choices] if "default" in field else choices
