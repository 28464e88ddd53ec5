"""Where Sendoff keeps and finds its things, as the environment says."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sendoff.errors import BadInput, Problem
from sendoff.model import Frozen

URL = re.compile(r"^[a-z][a-z0-9]*(\+[a-z0-9_]+)?://.+$")


class Settings(Frozen):
    """Read once, at the edge. `catalog` holds release files and folders of them."""

    home: Path
    ledger_url: str
    store: Path
    catalog: tuple[Path, ...]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read SENDOFF_HOME, _LEDGER, _STORE and _CATALOG; an empty one is one that is not set."""
        home = _path(environ, environ.get("SENDOFF_HOME") or "~/.sendoff")
        catalog = (environ.get("SENDOFF_CATALOG") or str(Path.cwd())).split(os.pathsep)
        settings = cls(
            home=home,
            ledger_url=environ.get("SENDOFF_LEDGER") or f"sqlite:///{home / 'ledger.db'}",
            store=_path(environ, environ.get("SENDOFF_STORE") or str(home / "store")),
            catalog=tuple(_path(environ, entry) for entry in catalog if entry),
        )
        if problems := _problems(settings):
            raise BadInput(problems)
        return settings


def _path(environ: Mapping[str, str], value: str) -> Path:
    """Read a path; `~` is that environment's home, a relative one starts at the working directory."""
    head, slash, rest = value.partition("/")
    if head == "~":
        value = f"{environ.get('HOME') or Path.home()}{slash}{rest}"
    return Path(value).absolute()


def _problems(settings: Settings) -> list[Problem]:
    found = [_no_folder("SENDOFF_HOME", settings.home), _no_folder("SENDOFF_STORE", settings.store)]
    if not URL.match(settings.ledger_url):
        # Not shown: a mistyped address may hold a password.
        found.append(
            _problem("SENDOFF_LEDGER", "not a database URL", "one such as 'sqlite:////srv/sendoff/ledger.db'")
        )
    if not settings.catalog:
        found.append(_problem("SENDOFF_CATALOG", "names nothing", "release files or folders of them"))
    found += [
        _problem("SENDOFF_CATALOG", f"{str(path)!r} does not exist", "release files or folders of them")
        for path in settings.catalog
        if not path.exists()
    ]
    return [problem for problem in found if problem]


def _no_folder(name: str, path: Path) -> Problem | None:
    if path.exists() and not path.is_dir():
        return _problem(name, f"{str(path)!r} is a file", "a folder, or a path that can become one")
    return None


def _problem(name: str, what: str, expected: str) -> Problem:
    return Problem(file="environment", line=0, path=name, what=what, expected=expected)
