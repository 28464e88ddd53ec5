"""Release files on disk: found, read with their inventories, checked whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sendoff.errors import BadInput, Problem
from sendoff.model import digest
from sendoff.spec.document import MAX_BYTES, Document, Where, read
from sendoff.spec.findings import Finding, translate
from sendoff.spec.models import Inventory, ReleaseFile
from sendoff.spec.rules import broken_rules
from sendoff.spec.sound import rules_on_the_rest

MAIN = "release.yaml"
FREEZES = "freezes.yaml"
LONGEST = 60


@dataclass(frozen=True)
class Loaded:
    """A release file that is right, its inventory merged in; `digest` names it on any machine."""

    file: ReleaseFile
    path: Path
    folder: Path
    digest: str
    document: Document = field(repr=False, compare=False)


def load(path: Path) -> Loaded:
    """Load a release file; BadInput carries all that is wrong with it and its inventory."""
    return _Loading(path).loaded()


def find(catalog: Sequence[Path]) -> dict[str, Loaded]:
    """Load the release files of a catalog, by application; BadInput carries what is wrong with all."""
    loaded, problems = survey(catalog)
    if problems:
        raise BadInput(problems)
    return {each.file.application: each for each in loaded}


def survey(catalog: Sequence[Path], naming: str = "") -> tuple[list[Loaded], list[Problem]]:
    """Load what can be loaded: files, and folders searched for `release.yaml` and `*.release.yaml`.

    `naming`: only files in whose text this stands. A catalog of many applications takes seconds to load.
    """
    loaded: dict[str, Loaded] = {}
    problems: list[Problem] = []
    for path in _unique(catalog, problems):
        if naming and not _names(path, naming):
            continue
        try:
            each = load(path)
        except BadInput as error:
            problems.extend(error.problems)
            continue
        first = loaded.setdefault(each.file.application, each)
        if first is not each:
            problems.append(_twice(first, each))
    return list(loaded.values()), sorted(set(problems))


def _names(path: Path, what: str) -> bool:
    """Tell whether something stands in a file; one that cannot be read is left to who loads it."""
    try:
        return what.encode() in path.read_bytes()
    except OSError:
        return True


def _twice(first: Loaded, second: Loaded) -> Problem:
    what = f"application {second.file.application!r} stands in {label(first.path)} too"
    line = second.document.line(("application",))
    return Problem(label(second.path), line, "application", what, "one release file for each application")


def _unique(catalog: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    seen: set[Path] = set()
    for given in catalog:
        found = search(given, MAIN)
        if not found and not search(given, FREEZES):
            problems.append(
                Problem(label(given), 0, "", "no release file in this folder", f"{MAIN} or *.{MAIN}")
            )
        for path in found:
            real = Path(os.path.realpath(path))  # resolve() raises on a link to itself
            if real not in seen:
                seen.add(real)
                yield path


def search(given: Path, name: str) -> list[Path]:
    """Find the files of a kind, `name` or `*.name`, in a folder; a file that is given is of either kind."""
    if not given.is_dir():
        return [given] if is_called(given.name, FREEZES) == (name == FREEZES) else []
    found = []
    for here, folders, names in os.walk(given):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        found += [Path(here, each) for each in sorted(names) if is_called(each, name)]
    return found


def is_called(file: str, name: str) -> bool:
    """Tell whether a file is of a kind, by its name."""
    return file == name or file.endswith(f".{name}")


def label(path: Path) -> str:
    """Name a file in a message, whatever bytes its name is made of."""
    shown = os.fspath(path).encode(errors="replace").decode()
    return "".join(char if char.isprintable() else "?" for char in shown)


class _Loading:
    """One release file on its way in: what was read of it and its inventory, and every problem so far."""

    def __init__(self, path: Path) -> None:
        self.path, self.hosts_path = path, path
        self.problems: set[Problem] = set()
        self.document, self.hosts = Document(), Document()

    def loaded(self) -> Loaded:
        """Read, merge, check; BadInput with all that is wrong."""
        self.document = self._read(self.path, Problem(label(self.path), 0, "", ""))
        data, is_whole = self._with_inventory(self.document.data)
        file = self._checked(data, is_whole) if self.document.data is not None else None
        if self.problems or file is None:
            raise BadInput(self.problems)
        return Loaded(file, self.path, self.path.parent, digest(file), self.document)

    def _read(self, path: Path, asked: Problem) -> Document:
        """Read a file; that it cannot be read is a problem of the place that asks for it."""
        try:
            with path.open("rb") as stream:
                document = read(stream.read(MAX_BYTES + 1))
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            subject = f"{label(path)!r} " if asked.line else ""
            self.problems.add(
                replace(asked, what=f"{subject}cannot be read ({reason})", expected="a YAML file")
            )
            return Document()
        for flaw in document.flaws:
            where = shown(flaw.where, document.data)
            self.problems.add(Problem(label(path), flaw.line, where, flaw.what, flaw.expected))
        return document

    def _with_inventory(self, data: Any) -> tuple[Any, bool]:
        """Add the inventory's hosts; False when not all hosts are known."""
        name, own = (data.get("inventory"), data.get("hosts", {})) if isinstance(data, dict) else (None, None)
        if not isinstance(name, str) or not name or not isinstance(own, dict):
            return data, True
        self.hosts_path = self.path.parent / name
        asked = Problem(label(self.path), self.document.line(("inventory",)), "inventory", "")
        self.hosts = self._read(self.hosts_path, asked)
        if self.hosts.data is None:
            return data, False
        _, wrong = shaped(Inventory, self.hosts.data, self.hosts)
        more = self.hosts.data.get("hosts") if isinstance(self.hosts.data, dict) else None
        for finding in wrong:
            self._add(finding, self.hosts_path, self.hosts, self.hosts.data)
        if not isinstance(more, dict):
            return data, False
        for twice in own.keys() & more.keys():
            finding = Finding(("hosts", twice), f"stands in {label(self.path)} too", "each host once")
            self._add(finding, self.hosts_path, self.hosts, self.hosts.data)
        return {**data, "hosts": {**more, **own}}, not wrong

    def _checked(self, data: Any, is_whole: bool) -> ReleaseFile | None:
        file, findings = shaped(ReleaseFile, data, self.document)
        if is_whole:
            findings += broken_rules(file) if file else rules_on_the_rest(data, findings)
        for finding in findings:
            inherited = finding.where[:1] == ("hosts",) and finding.where[:2] in self.hosts.places
            if inherited and finding.where[:2] not in self.document.places:
                self._add(finding, self.hosts_path, self.hosts, data)
            else:
                self._add(finding, self.path, self.document, data)
        return file

    def _add(self, finding: Finding, path: Path, document: Document, data: Any) -> None:
        if any(finding.where == flaw.where for flaw in document.flaws):
            return
        where, line = shown(finding.where, data), document.line(finding.where)
        self.problems.add(Problem(label(path), line, where, finding.what, finding.expected))


Model = TypeVar("Model", bound=BaseModel)


def shaped(model: type[Model], data: Any, document: Document) -> tuple[Model | None, list[Finding]]:
    """Check each part for itself; numbers and text are not taken for each other."""
    try:
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        raw = {where: place.raw for where, place in document.places.items() if place.raw is not None}
        return None, translate(error, model, raw)


def shown(where: Where, data: Any) -> str:
    """Write a way to a value, with names where items of a list have one."""
    pieces = []
    for piece in where:
        data = _step(data, piece)
        name = data.get("name") if isinstance(piece, int) and isinstance(data, dict) else None
        text = name if isinstance(name, str) and name else str(piece)
        pieces.append(text if text.isprintable() and len(text) <= LONGEST else repr(text[:LONGEST]))
    return "/".join(pieces)


def _step(data: Any, piece: str | int) -> Any:
    try:
        return data[piece]
    except (KeyError, IndexError, TypeError):
        return None
