"""Freezes for many applications at once: the files `freezes.yaml` of a catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sendoff.calendars import read_file
from sendoff.catalog import FREEZES, Loaded, label, search, shaped, shown
from sendoff.errors import BadInput, Problem
from sendoff.spec.document import MAX_BYTES, Document, Where, read
from sendoff.spec.findings import Finding, unknown
from sendoff.spec.hours import freezes as wrong_freezes
from sendoff.spec.hours import is_address
from sendoff.spec.timing import AnyFreeze, FreezeCalendar, FreezeFile
from sendoff.timing.calendar import points


@dataclass(frozen=True)
class Wide:
    """A file of freezes that is right."""

    file: FreezeFile
    path: Path
    document: Document


def survey(catalog: Sequence[Path]) -> tuple[list[Wide], list[Problem]]:
    """Load what can be loaded of the files of a catalog, and tell what is wrong with the others."""
    paths = dict.fromkeys(path for given in catalog for path in search(given, FREEZES))
    found: list[Wide] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(load(path))
        except BadInput as error:
            problems += error.problems
    return found, sorted(problems)


def load(path: Path) -> Wide:
    """Load one; BadInput carries all that is wrong with it."""
    try:
        with path.open("rb") as stream:
            document = read(stream.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        problem = Problem(label(path), 0, "", f"cannot be read ({reason})", "a YAML file")
        raise BadInput([problem]) from None
    flaws = [Problem(label(path), each.line, "", each.what, each.expected) for each in document.flaws]
    file, wrong = shaped(FreezeFile, document.data, document) if not flaws else (None, [])
    wrong += wrong_freezes(("freezes",), file.freezes) if file else []
    if file is None or flaws or wrong:
        raise BadInput([*flaws, *(_problem(path, document, each) for each in wrong)])
    return Wide(file, path, document)


def strangers(wide: Iterable[Wide], loaded: Sequence[Loaded]) -> Iterator[Problem]:
    """Find applications and environments that no release file has: a typing error would free them."""
    known = {
        "applications": [each.file.application for each in loaded],
        "environments": [env.name for each in loaded for env in each.file.environments],
    }
    for each in wide:
        for number, freeze in enumerate(each.file.freezes):
            for key, names in known.items():
                for index, name in enumerate(getattr(freeze, key)):
                    if name not in names:
                        where = ("freezes", number, key, index)
                        found = Finding(where, *unknown(name, sorted({*names}), key.removesuffix("s")))
                        yield _problem(each.path, each.document, found)


def in_calendars(loaded: Iterable[Loaded], wide: Iterable[Wide]) -> Iterator[Problem]:
    """Find what is wrong in the calendars that release files and files of freezes name."""
    for each in loaded:
        for number, environment in enumerate(each.file.environments):
            here = ("environments", number, "freezes")
            yield from wrong_calendars(environment.freezes, here, each.path, each.document)
    for found in wide:
        yield from wrong_calendars(found.file.freezes, ("freezes",), found.path, found.document)


def wrong_calendars(
    freezes: Sequence[AnyFreeze], where: Where, path: Path, document: Document
) -> Iterator[Problem]:
    """Look into the calendars that are files; an address may be away for a moment, and is not asked.

    An event that takes no time is told as well: a release is not held by it, which may not be what was meant.
    """
    for number, freeze in enumerate(freezes):
        if not isinstance(freeze, FreezeCalendar) or is_address(freeze.calendar):
            continue
        calendar = path.parent / freeze.calendar
        try:
            yield from points(read_file(calendar, label(calendar)))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            what = f"{freeze.calendar!r} cannot be read ({why})"
            yield _problem(path, document, Finding((*where, number, "calendar"), what, "an iCalendar file"))
        except BadInput as wrong:
            yield from wrong.problems


def _problem(path: Path, document: Document, finding: Finding) -> Problem:
    line = document.line(finding.where)
    return Problem(label(path), line, shown(finding.where, document.data), finding.what, finding.expected)
