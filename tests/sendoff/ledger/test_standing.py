"""Environments, summed up from the placements of their hosts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sendoff.ledger.models import Placement
from sendoff.ledger.standing import standings

START = datetime(2026, 3, 1, tzinfo=UTC)


def placed(
    host: str,
    version: str | None,
    minute: int,
    environment: str = "production",
    left_out_of: str | None = None,
) -> Placement:
    return Placement(
        application="storefront",
        environment=environment,
        target="web",
        host=host,
        version=version,
        release_name=version and f"{version}-abc",
        digest=None,
        commit=None,
        since=START + timedelta(minutes=minute),
        release="r1",
        actor="ada",
        left_out_of=left_out_of,
    )


def test_all_on_one_version() -> None:
    """All hosts on the same release is the normal case; it holds since the last of them."""
    (found,) = standings([placed("web-1", "2.0", 1), placed("web-2", "2.0", 2)])
    assert (found.version, found.hosts, found.of, found.is_mixed) == ("2.0", 2, 2, False)
    assert found.since == START + timedelta(minutes=2)


def test_mixed() -> None:
    """The newest counts, and the others are told."""
    (found,) = standings([placed("web-1", "2.0", 3), placed("web-2", "1.0", 1), placed("web-3", None, 2)])
    assert (found.version, found.hosts, found.of) == ("2.0", 1, 3)
    assert found.others == {"1.0-abc": 1, "nothing": 1}


def test_each_environment_for_itself() -> None:
    """Environments are sorted, and do not mix."""
    found = standings([placed("web-1", "2.0", 1, "staging"), placed("web-1", "1.0", 1)])
    assert [(each.environment, each.version) for each in found] == [("production", "1.0"), ("staging", "2.0")]


def test_left_out() -> None:
    """Hosts that a release went live without are named, and do not say what the environment's version is."""
    placements = [
        placed("web-1", "2.0", 1),
        placed("web-2", "1.0", 3, left_out_of="2.0"),
        placed("web-3", None, 2, left_out_of="2.0"),
    ]
    (found,) = standings(placements)
    assert (found.version, found.hosts, found.of) == ("2.0", 1, 3)
    assert found.left_out == ("web-2", "web-3")


def test_no_drift_any_more() -> None:
    """When the others went back to what a host that was left out has, it differs from nobody."""
    (found,) = standings([placed("web-1", "1.0", 3), placed("web-2", "1.0", 1, left_out_of="2.0")])
    assert (found.left_out, found.is_mixed) == ((), False)
