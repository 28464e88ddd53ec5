"""Where Sendoff keeps and finds its things, as the environment says."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sendoff.errors import BadInput, Problem
from sendoff.model import Frozen
from sendoff.objects.s3.address import BucketAddress

LEASE = timedelta(seconds=60)
SHORTEST_LEASE = timedelta(seconds=3)
SITE = timedelta(seconds=300)
URL = re.compile(r"^[a-z][a-z0-9]*(\+[a-z0-9_]+)?://.+$")


class Settings(Frozen):
    """Read once, at the edge. `catalog` holds release files and folders of them.

    `lease`: how long an environment stays held by a process that says nothing any more.
    `site`: how long the worker of a site may take to begin with what it is asked for.
    `signed_by`: the public key of the server that people sign in to; None where nobody signs in.
    """

    home: Path
    ledger_url: str
    store: Path | BucketAddress
    catalog: tuple[Path, ...]
    lease: timedelta = LEASE
    site: timedelta = SITE
    signed_by: Path | None = None

    @property
    def cache(self) -> Path:
        """The folder for copies of what lies elsewhere; it may be removed at any time."""
        return self.home / "cache"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Read SENDOFF_HOME, _LEDGER, _STORE, _CATALOG, _LEASE_SECONDS, _SITE_SECONDS, _SIGNED_BY.

        Empty is not set.
        """
        home = _path(environ, environ.get("SENDOFF_HOME") or "~/.sendoff")
        catalog = (environ.get("SENDOFF_CATALOG") or str(Path.cwd())).split(os.pathsep)
        store = _store(environ, environ.get("SENDOFF_STORE") or str(home / "store"))
        lease = _seconds(environ, "SENDOFF_LEASE_SECONDS", LEASE, SHORTEST_LEASE)
        site = _seconds(environ, "SENDOFF_SITE_SECONDS", SITE, timedelta(seconds=1))
        settings = cls(
            home=home,
            ledger_url=environ.get("SENDOFF_LEDGER") or f"sqlite:///{home / 'ledger.db'}",
            store=home if isinstance(store, Problem) else store,
            catalog=tuple(_path(environ, entry) for entry in catalog if entry),
            lease=LEASE if isinstance(lease, Problem) else lease,
            site=SITE if isinstance(site, Problem) else site,
            signed_by=_path(environ, environ["SENDOFF_SIGNED_BY"])
            if environ.get("SENDOFF_SIGNED_BY")
            else None,
        )
        wrong = [each for each in (store, lease, site) if isinstance(each, Problem)]
        if problems := wrong + _problems(settings):
            raise BadInput(problems)
        return settings


def _path(environ: Mapping[str, str], value: str) -> Path:
    """Read a path; `~` is that environment's home, a relative one starts at the working directory."""
    head, slash, rest = value.partition("/")
    if head == "~":
        value = f"{environ.get('HOME') or Path.home()}{slash}{rest}"
    return Path(value).absolute()


def _store(environ: Mapping[str, str], value: str) -> Path | BucketAddress | Problem:
    """Read where artifacts are kept: a folder, or a bucket of S3."""
    if "://" not in value:
        return _path(environ, value)
    try:
        return BucketAddress.read(value, environ)
    except ValueError as wrong:
        what, _, expected = str(wrong).partition(", expected ")
        return _problem("SENDOFF_STORE", what, expected)


def _seconds(
    environ: Mapping[str, str], name: str, default: timedelta, least: timedelta
) -> timedelta | Problem:
    value = environ.get(name) or str(default.total_seconds())
    try:
        read = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        read = timedelta(0)
    if read < least:
        expected = f"a number of seconds, at least {least.total_seconds():.0f}"
        return _problem(name, f"is {value!r}", expected)
    return read


def _problems(settings: Settings) -> list[Problem]:
    folders = {"SENDOFF_HOME": settings.home, "SENDOFF_STORE": settings.store}
    found = [_no_folder(name, path) for name, path in folders.items() if isinstance(path, Path)]
    if not URL.match(settings.ledger_url):
        # Not shown: a mistyped address may hold a password.
        known = "one such as 'sqlite:////srv/sendoff/ledger.db' or 'postgresql://sendoff@db.example/ledger'"
        found.append(_problem("SENDOFF_LEDGER", "not a database URL", known))
    if not settings.catalog:
        found.append(_problem("SENDOFF_CATALOG", "names nothing", "release files or folders of them"))
    found += [
        _problem("SENDOFF_CATALOG", f"{str(path)!r} does not exist", "release files or folders of them")
        for path in settings.catalog
        if not path.exists()
    ]
    if settings.signed_by and not settings.signed_by.is_file():
        found.append(
            _problem(
                "SENDOFF_SIGNED_BY", f"{str(settings.signed_by)!r} is no file", "the server's public key"
            )
        )
    return [problem for problem in found if problem]


def _no_folder(name: str, path: Path) -> Problem | None:
    if path.exists() and not path.is_dir():
        return _problem(name, f"{str(path)!r} is a file", "a folder, or a path that can become one")
    return None


def _problem(name: str, what: str, expected: str) -> Problem:
    return Problem(file="environment", line=0, path=name, what=what, expected=expected)
