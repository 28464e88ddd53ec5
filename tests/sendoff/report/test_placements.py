"""What is where: a row for each application and environment."""

from __future__ import annotations

from datetime import UTC, datetime

from sendoff.ledger.models import Placement
from sendoff.report.placements import what_is_where


def placement(host: str, version: str | None, hour: int = 18, environment: str = "production") -> Placement:
    return Placement(
        application="storefront",
        environment=environment,
        target="web",
        host=host,
        version=version,
        release_name=version and f"{version}-000000000000",
        digest=version and "00" * 32,
        commit=version and f"c0ffee{version.replace('.', '')}",
        since=datetime(2026, 11, 23, hour, 5, tzinfo=UTC),
        release="run-1",
        actor="local:ada",
    )


def test_hosts_that_agree_make_one_version() -> None:
    """The newest change of them is told, hosts in order."""
    assert what_is_where([placement("web-2", "2.4.1", 19), placement("web-1", "2.4.1")]) == [
        {
            "application": "storefront",
            "environment": "production",
            "version": "2.4.1",
            "hosts": "web-1, web-2",
            "since": "2026-11-23 19:05 UTC",
            "commit": "c0ffee24",
            "drift": "",
            "by": "local:ada",
            "emergency": "",
        }
    ]


def test_emergencies_are_marked() -> None:
    """A place whose release nobody has looked at yet says so."""
    rows = what_is_where(
        [placement("web-1", "2.4.1"), placement("web-1", "2.4.1", environment="staging")],
        {("storefront", "staging"): "EMERGENCY"},
    )
    assert [(row["environment"], row["emergency"]) for row in rows] == [
        ("production", ""),
        ("staging", "EMERGENCY"),
    ]


def test_hosts_that_differ_show_as_mixed() -> None:
    """How many have which, also when one has nothing."""
    places = [placement("web-1", "2.4.0"), placement("web-2", "2.4.1"), placement("web-3", "2.4.1")]
    assert what_is_where(places)[0]["version"] == "mixed: 2.4.0 (1), 2.4.1 (2)"
    assert (
        what_is_where([*places[:1], placement("web-2", None)])[0]["version"]
        == "mixed: 2.4.0 (1), nothing (1)"
    )


def test_environments_have_rows_of_their_own() -> None:
    """Sorted, so that the table is the same every time."""
    rows = what_is_where([placement("web-1", "2.4.1", environment="staging"), placement("web-1", None)])
    assert [(row["environment"], row["version"]) for row in rows] == [
        ("production", "nothing"),
        ("staging", "2.4.1"),
    ]


def test_nothing_anywhere_is_an_empty_table() -> None:
    """Before the first release there are no rows."""
    assert what_is_where([]) == []


def test_drift_is_named() -> None:
    """A host that a release went live without is told with what it serves, until it serves the same."""
    behind = placement("web-2", "2.4.0").model_copy(update={"left_out_of": "2.4.1"})
    never = placement("web-3", None).model_copy(update={"left_out_of": "2.4.1"})
    (row,) = what_is_where([placement("web-1", "2.4.1"), behind, never])
    assert row["drift"] == "web-2 left out: 2.4.0 and web-3 left out: nothing"
    assert what_is_where([placement("web-1", "2.4.0"), behind])[0]["drift"] == ""
