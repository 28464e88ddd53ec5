"""Find out what `newest`, `previous` and `live` mean now."""

from __future__ import annotations

from collections.abc import Mapping

from sendoff.catalog import Loaded
from sendoff.errors import PolicyRefused
from sendoff.git import Repository, located
from sendoff.ledger import Ledger
from sendoff.settings import Settings
from sendoff.spec.intent import LIVE, NEWEST, PREVIOUS
from sendoff.spec.models import GitSource
from tasks.run import Place


def resolve(
    loaded: Loaded,
    place: Place,
    asked_for: str,
    ledger: Ledger,
    settings: Settings,
    environ: Mapping[str, str],
) -> tuple[str, str | None]:
    """Turn what was asked for into a version, and its commit where that is known by now."""
    if asked_for == NEWEST:
        return _newest(loaded, settings, environ)
    if asked_for == PREVIOUS:
        return _previous(place, ledger)
    if asked_for == LIVE:
        return _live(place, ledger), None
    return asked_for, None


def _newest(loaded: Loaded, settings: Settings, environ: Mapping[str, str]) -> tuple[str, str]:
    """Name the newest commit of the main branch, such as main-1f2e3d4c5b."""
    source = loaded.file.build.source
    if not isinstance(source, GitSource):
        raise PolicyRefused(
            f"{loaded.file.application}: {NEWEST!r} was asked for but the source is a folder, "
            "expected a git repository; name a version"
        )
    repository = Repository(located(source.git, loaded.folder), settings.home / "git", environ)
    commit = repository.newest(source.branch)
    return f"{source.branch.replace('/', '-')}-{commit.sha[:10]}", commit.sha


def _live(place: Place, ledger: Ledger) -> str:
    """Name the version that is live, or all of them when hosts differ."""
    here = (place.application, place.environment)
    versions = {
        each.version
        for each in ledger.placements()
        if (each.application, each.environment) == here and each.version
    }
    return " and ".join(sorted(versions)) or "(nothing)"


def _previous(place: Place, ledger: Ledger) -> tuple[str, str | None]:
    here = (place.application, place.environment)
    live = {each.release_name for each in ledger.placements() if (each.application, each.environment) == here}
    for past in ledger.placements_history(*here):
        if past.release_name not in live:
            return past.version, past.commit
    raise PolicyRefused(
        f"{place}: no release was live there before the one that is, expected one; name a version"
    )
