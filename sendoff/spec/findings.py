"""What is wrong with a release file, in plain words: pydantic's errors, translated."""

from __future__ import annotations

import types
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from sendoff.spec.document import Where
from sendoff.spec.words import EXPECTED


class Finding(NamedTuple):
    """One thing that is wrong with the data: where, what, and what was expected."""

    where: Where
    what: str
    expected: str = ""


KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "tuple_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
}
"""Errors of type, and the type that was expected."""

LIMITS = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:.8g} or less",
    "literal_error": "{expected}",
    "expected": "{expected}",
    "too_short": "at least {min_length} of them",
    "string_too_short": "some text",
    "string_too_long": "at most {max_length} characters",
}
"""Errors of value, and what was expected in the words of their context."""


def translate(error: ValidationError, model: type[BaseModel], raw: Mapping[Where, str]) -> list[Finding]:
    """Say what is wrong; `raw` tells how values that are not text were written."""
    return [_finding(each, model, raw) for each in error.errors(include_url=False) if not _is_echo(each)]


def quoted(value: object) -> str:
    """Show a value on one line, shortened."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:60]}…{shown[-10:]}"


def unknown(name: str, allowed: list[str], what: str) -> tuple[str, str]:
    """Word an unknown name: what it is, and the closest that is allowed, or all."""
    close = get_close_matches(name, allowed, 1, 0.7)
    names = ", ".join(sorted(allowed)) or "none"
    return f"unknown {what} {quoted(name)}", f"{close[0]!r} (of {names})" if close else f"one of: {names}"


def _is_echo(error: ErrorDetails) -> bool:
    """Pydantic calls a list too short when its items are wrong."""
    return error["type"] == "too_short" and bool(error["input"])


def _finding(error: ErrorDetails, model: type[BaseModel], raw: Mapping[Where, str]) -> Finding:
    kind, loc = error["type"], tuple(piece for piece in error["loc"] if piece != "[key]")
    if kind == "missing":
        where, inside = _walk(model, loc[:-1])
        return Finding(where, f"{loc[-1]!r} is missing", _description(inside, loc[-1]))
    if kind == "extra_forbidden":
        where, inside = _walk(model, loc[:-1])
        return Finding((*where, loc[-1]), *unknown(str(loc[-1]), list(inside.model_fields), "key"))
    where, _ = _walk(model, loc)
    if kind.startswith("union_tag"):
        return _wrong_kind(where, error["input"], model, loc)
    expected = _expected(error)
    return Finding(where, *_mistyped(error["input"], expected, raw.get(where)))


def _expected(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in KINDS:
        return KINDS[kind]
    if kind == "string_pattern_mismatch":
        return EXPECTED[context["pattern"]]
    if kind == "expected" and "expected" not in context:
        return error["msg"]
    return LIMITS[kind].format(**context) if kind in LIMITS else error["msg"].lower()


def _mistyped(value: object, expected: str, raw: str | None) -> tuple[str, str]:
    """Say what stands there instead, and how to write what was probably meant."""
    match value:
        case None:
            return "is empty", expected
        case bool() | int() | float():
            return _guessed(value, expected, raw or str(value))
        case str() if expected in KINDS.values():
            unquoted = ", without quotes" if value.isdecimal() and "number" in expected else ""
            return f"{quoted(value)} is text", f"{expected}{unquoted}"
        case str():
            return f"{quoted(value)} is not allowed", expected
        case dict():
            return f"is a mapping of {', '.join(map(quoted, value)) or 'nothing'}", expected
    return "is a list" if value else "is an empty list", expected


def _guessed(value: float, expected: str, raw: str) -> tuple[str, str]:
    """Word what YAML takes for a number or a truth, though it may have been meant as text."""
    if expected == KINDS["string_type"]:
        guess = "true or false" if isinstance(value, bool) else "a number"
        return f"{raw} is read as {guess}", f"{expected}: quote it, {quoted(raw)}"
    return f"{raw} is {'true or false' if isinstance(value, bool) else 'not allowed'}", expected


def _wrong_kind(where: Where, value: dict[str, Any], model: type[BaseModel], loc: Where) -> Finding:
    allowed = [kind for option in get_args(_walk(model, loc)[1]) for kind in _kinds(option)]
    expected = " or ".join(f"'kind: {each}'" for each in allowed)
    if "kind" not in value:
        return Finding(where, "'kind' is missing", expected)
    return Finding((*where, "kind"), f"unknown kind {quoted(value['kind'])}", expected)


def _description(model: Any, key: str | int) -> str:
    field = model.model_fields[key]
    return field.description or ""


def _walk(model: Any, loc: Where) -> tuple[Where, Any]:
    """Follow a location of pydantic through the types: the way in the data, without the tags of unions."""
    where: Where = ()
    kind: Any = model
    for piece in loc:
        option = _option(kind, piece)
        if option is None:
            where, kind = (*where, piece), _bare(_inside(kind, piece))
        else:
            kind = _bare(option)
    return where, kind


def _bare(kind: Any) -> Any:
    """Take away what says nothing about the type: annotations and `| None`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind):
        rest = [each for each in get_args(kind) if each is not type(None)]
        return _bare(rest[0])
    return kind


def _inside(kind: Any, piece: str | int) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(piece))
        return field.annotation if field else None
    arguments = get_args(kind)
    return {tuple: arguments[:1], dict: arguments[1:]}.get(get_origin(kind) or kind, (None,))[0]


def _option(kind: Any, piece: str | int) -> Any:
    """Find the member of a union that a tag names; None when it is no union."""
    if get_origin(kind) not in (Union, types.UnionType):
        return None
    return next((each for each in get_args(kind) if piece in _kinds(each)), None)


def _kinds(option: Any) -> tuple[Any, ...]:
    tags = tuple(each.tag for each in getattr(option, "__metadata__", ()) if isinstance(each, Tag))
    fields = getattr(option, "model_fields", {})
    literal = fields["kind"].annotation if "kind" in fields else None
    return tags or (get_args(literal) if get_origin(literal) is Literal else ())
