"""What is where, over all applications and environments, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from sendoff.ledger.models import Placement
from sendoff.report.words import listing, moment


def what_is_where(
    placements: Sequence[Placement], marks: Mapping[tuple[str, str], str] = MappingProxyType({})
) -> list[dict[str, str]]:
    """Give a row a place; versions that differ show as `mixed: 2.4.0 (1), 2.4.1 (2)`.

    `marks`: what is said of the emergencies of an application and environment.
    """
    ordered = sorted(placements, key=_place)
    rows = (_row(*place, tuple(group)) for place, group in groupby(ordered, key=_place))
    return [{**row, "emergency": marks.get((row["application"], row["environment"]), "")} for row in rows]


def _place(placement: Placement) -> tuple[str, str]:
    return placement.application, placement.environment


def _row(application: str, environment: str, group: Sequence[Placement]) -> dict[str, str]:
    hosts = sorted(placement.host for placement in group)
    commits = sorted({placement.commit[:8] for placement in group if placement.commit})
    return {
        "application": application,
        "environment": environment,
        "version": _version([placement.version or "nothing" for placement in group]),
        "hosts": ", ".join(hosts),
        "since": moment(max(placement.since for placement in group)),
        "commit": listing(commits, otherwise=""),
        "drift": _drift(group),
        "by": listing(sorted({placement.actor for placement in group})),
    }


def _drift(group: Sequence[Placement]) -> str:
    """Name the hosts that a release went live without, and what they serve."""
    versions = {each.version for each in group if not each.left_out_of}
    behind = [each for each in group if each.left_out_of and {each.version} != versions]
    return listing((f"{each.host} left out: {each.version or 'nothing'}" for each in behind), otherwise="")


def _version(versions: Sequence[str]) -> str:
    counted = [f"{version} ({versions.count(version)})" for version in sorted(set(versions))]
    return versions[0] if len(counted) == 1 else f"mixed: {', '.join(counted)}"
