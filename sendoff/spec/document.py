"""YAML text as plain data that remembers its lines; strict where YAML guesses, limited in size and depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml
from yaml.constructor import SafeConstructor

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 50_000

Where = tuple[str | int, ...]
"""The way to a value: keys of mappings, indexes of lists."""

TAG = "tag:yaml.org,2002:"
TEXT = ("str", "timestamp", "value", "merge")  # a date, '=' and '<<' are just text as values
GUESSED = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}
CONSTANTS = {
    **{("null", raw): None for raw in ("", "~", "null")},
    **{("bool", raw): value for raw, value in SafeConstructor.bool_values.items()},
}
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Flaw(NamedTuple):
    """One thing that is wrong with the text itself, and the line that it is on."""

    line: int
    where: Where
    what: str
    expected: str = ""


class Place(NamedTuple):
    """Where a value stands, and how it is written there when it is not text."""

    line: int
    raw: str | None = None


@dataclass
class Document:
    """What was read: the data, the place of each value, and all flaws."""

    data: Any = None
    places: dict[Where, Place] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """Find the line of a value, or of the closest one around it."""
        while where and where not in self.places:
            where = where[:-1]
        return self.places[where].line if where in self.places else 1


def read(content: bytes) -> Document:
    """Read YAML; what cannot be read is a flaw, never an exception."""
    document = Document()
    try:
        node = _compose(_decoded(content))
        document.data = _Reader(document).value(node, (), _line(node)) if node else None
        if document.data is None and not document.flaws:
            raise _Unreadable(Flaw(1, (), "the file is empty", "a mapping (key: value)"))
    except _Unreadable as unreadable:
        document.data = None
        document.flaws.append(unreadable.flaw)
    return document


class _Unreadable(Exception):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


class _Loader(yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep(self.line + 1)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _too_deep(line: int, where: Where = ()) -> _Unreadable:
    return _Unreadable(Flaw(line, where[:4], "nested too deep", f"at most {MAX_DEPTH} levels"))


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Unreadable(Flaw(1, (), "the file is too large", f"at most {MAX_BYTES:,} bytes"))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Unreadable(
            Flaw(line, (), f"byte {content[error.start]:#04x} is not UTF-8", "text in UTF-8")
        ) from None


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader("")
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        flaw = Flaw(line, (), f"character {chr(int(error.character))!r} is not allowed", "printable text")
    except yaml.MarkedYAMLError as error:
        flaw = _syntax(error)
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" or %YAML with endless digits
        flaw = Flaw(
            loader.line + 1, (), "not YAML: a number in an escape or directive is out of range", "YAML"
        )
    raise _Unreadable(flaw)


def _syntax(error: yaml.MarkedYAMLError) -> Flaw:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    problem = error.problem or error.context or "cannot be read"
    if "'\\t'" in problem:
        return Flaw(line, (), "a tab is used to indent", "spaces")
    if "single document" in (error.context or ""):
        return Flaw(line, (), "a second document starts with '---'", "one document in the file")
    return Flaw(line, (), f"not YAML: {problem}", "YAML; look for a missing quote, colon or indent")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


class _Reader:
    """Turns nodes into data, noting places and flaws on the way; aliases count as often as they are used."""

    def __init__(self, document: Document) -> None:
        self.places, self.flaws, self.nodes = document.places, document.flaws, 0

    def value(self, node: yaml.Node, where: Where, line: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Unreadable(Flaw(line, where[:4], "too much in one file", f"at most {MAX_NODES:,} values"))
        if len(where) > MAX_DEPTH:
            raise _too_deep(line, where)
        self.places[where] = Place(line)
        if isinstance(node, yaml.MappingNode):
            self._expect_tag(node, where, "map")
            return dict(self._items(node, where))
        if isinstance(node, yaml.SequenceNode):
            self._expect_tag(node, where, "seq")
            return [self.value(each, (*where, i), _line(each)) for i, each in enumerate(node.value)]
        return self._scalar(node, where, line)

    def _expect_tag(self, node: yaml.Node, where: Where, name: str) -> None:
        if node.tag != TAG + name:
            self._flaw(
                node,
                where,
                f"tag {_short(node.tag.replace(TAG, '!!'))} is not allowed",
                "plain YAML without tags",
            )

    def _flaw(self, node: yaml.Node, where: Where, what: str, expected: str) -> None:
        self.flaws.append(Flaw(_line(node), where, what, expected))

    def _items(self, node: yaml.MappingNode, where: Where) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            if (key := self._key(key_node, where)) is None:
                continue
            if key in seen:
                self._flaw(
                    key_node, (*where, key), f"duplicate key, first in line {seen[key]}", "each key once"
                )
                continue
            seen[key] = _line(key_node)
            yield key, self.value(value_node, (*where, key), seen[key])

    def _key(self, node: yaml.Node, where: Where) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._flaw(node, where, "a list or mapping stands as a key", "text")
            return None
        kind = node.tag.removeprefix(TAG)
        if kind == "merge":
            self._flaw(node, where, "'<<' merges are not allowed", "the keys written out")
            return None
        if kind in GUESSED:
            self._flaw(
                node,
                where,
                f"key {_short(node.value)} is read as {GUESSED[kind]}",
                f"text: quote it, {_short(node.value)}",
            )
        elif kind not in TEXT or CONTROL.search(node.value):
            self._flaw(node, where, f"key {_short(node.value)} is not plain text", "text")
            return None
        return str(node.value)

    def _scalar(self, node: yaml.Node, where: Where, line: int) -> str | float | bool | None:
        kind, raw = node.tag.removeprefix(TAG), str(node.value)
        if kind in TEXT:
            return self._text(node, where, raw)
        self.places[where] = Place(line, raw)
        if kind in ("int", "float"):
            return self._number(node, where, raw)
        if (kind, raw.lower()) not in CONSTANTS:
            self._expect_tag(node, where, "str")
            return None
        return CONSTANTS[kind, raw.lower()]

    def _text(self, node: yaml.Node, where: Where, raw: str) -> str:
        if found := CONTROL.search(raw):
            self._flaw(node, where, f"character {found[0]!r} is not allowed", "printable text")
        return CONTROL.sub("?", raw)

    def _number(self, node: yaml.Node, where: Where, raw: str) -> float:
        if PLAIN_NUMBER.fullmatch(raw):
            return float(raw) if "." in raw else int(raw)
        quoted = f"a plain number such as 22, or text: quote it, {_short(raw)}"
        self._flaw(node, where, f"{_short(raw)} is read as a number", quoted)
        return 0
