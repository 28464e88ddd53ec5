"""What says when an environment may be changed is gathered from all places, as it is now."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sendoff import stopping
from sendoff.calendars import Calendars
from sendoff.catalog import load
from sendoff.ledger import Ledger
from sendoff.timing.rules import Rules, may_ship
from sendoff.when import rules_for_run, rules_of

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
RIGHT = (Path(__file__).parent / "spec" / "right.yaml").read_text()
ICS = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261125\nSUMMARY:Books close\n"
    "END:VEVENT\nEND:VCALENDAR\n"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


class Catalog:
    """A folder with the release file, and what else is written there."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder, self.ledger = folder, ledger
        (folder / "release.yaml").write_text(RIGHT)

    def freezes(self, *lines: str) -> None:
        (self.folder / "freezes.yaml").write_text(
            "freezes:\n" + "".join(f"  - {{{line}}}\n" for line in lines)
        )

    def rules(self, environment: str = "production", at: datetime = NOON) -> Rules:
        file = load(self.folder / "release.yaml").file
        calendars = Calendars(self.folder / "cache")
        return rules_of(file, environment, self.folder, [self.folder], calendars, self.ledger, at)


@pytest.fixture
def catalog(tmp_path: Path, ledger: Ledger) -> Catalog:
    return Catalog(tmp_path, ledger)


def test_of_the_release_file(catalog: Catalog) -> None:
    """Windows and freezes of the environment, and of no other."""
    rules = catalog.rules()
    assert [each.opens for each in rules.windows] == ["09:00"]
    assert [(f"{each.begins:%F %T}", each.owner) for each in rules.freezes] == [
        ("2026-12-19 23:00:00", "ops")
    ]
    assert catalog.rules("staging") == Rules()


def test_what_is_over(catalog: Catalog) -> None:
    """It is left out."""
    assert catalog.rules(at=datetime(2027, 2, 1, tzinfo=UTC)).freezes == ()


def test_of_the_catalog(catalog: Catalog) -> None:
    """Freezes for many reach those that they name."""
    times = 'begins: "2026-12-01 00:00", ends: "2026-12-02 00:00", owner: cfo'
    catalog.freezes(
        f"{times}, reason: all",
        f"{times}, reason: production, environments: [production]",
        f"{times}, reason: shop, applications: [storefront]",
        f"{times}, reason: others, applications: [blog]",
    )
    assert {each.reason for each in catalog.rules("staging").freezes} == {"all", "shop"}
    assert {each.reason for each in catalog.rules().freezes} == {"all", "production", "shop", "Year end"}


def test_of_a_calendar(catalog: Catalog) -> None:
    """The event's name and the owner come from different places."""
    catalog.freezes("calendar: company.ics, owner: cfo, reason: Money, timezone: Europe/Zurich")
    (catalog.folder / "company.ics").write_text(ICS)
    (freeze,) = catalog.rules("staging").freezes
    assert (freeze.title, freeze.owner, f"{freeze.begins:%d %H}") == ("Books close: Money", "cfo", "24 23")
    assert not may_ship(catalog.rules("staging"), NOON).allowed


def test_of_a_copy(catalog: Catalog) -> None:
    """What is away counts as it was, for a week, and that is said once however many name it."""
    address = "http://127.0.0.1:1/company.ics"
    copy = catalog.folder / "cache" / "calendars" / f"{hashlib.sha256(address.encode()).hexdigest()}.ics"
    copy.parent.mkdir(parents=True)
    copy.write_text(ICS)
    then = datetime.now(UTC).timestamp() - 3600
    os.utime(copy, (then, then))
    catalog.freezes(*(f"calendar: {address!r}, owner: {who}, reason: Money" for who in ("cfo", "ops")))
    rules = catalog.rules("staging")
    (said,) = rules.copies
    assert said.startswith("the calendar at 127.0.0.1 cannot be read (no connection), so its copy of ")
    assert [each.owner for each in rules.freezes] == ["cfo", "ops"]
    os.utime(copy, (0, 0))
    rules = catalog.rules("staging")
    assert (rules.copies, rules.freezes, [each.owner for each in rules.unread]) == ((), (), ["cfo", "ops"])


def test_nothing_known_nothing_changed(catalog: Catalog) -> None:
    """A calendar and a file of freezes that cannot be read hold everything, and say who has to see to it."""
    catalog.freezes("calendar: company.ics, owner: cfo, reason: Money")
    (unread,) = catalog.rules("staging").unread
    assert (unread.owner, unread.said[:30]) == ("cfo", "the calendar 'company.ics' can")
    (catalog.folder / "freezes.yaml").write_text("freezes: 7\n")
    (unread,) = catalog.rules("staging").unread
    assert unread.owner == "whoever keeps the catalog"
    assert "freezes.yaml:1: freezes: 7 is not allowed, expected a list" in unread.said
    assert not may_ship(catalog.rules("staging"), NOON).allowed


def test_of_the_line(catalog: Catalog) -> None:
    """A stop reaches what it is for."""
    stopping.stop(catalog.ledger, "ada", "an outage", ("", "production"))
    assert [each.owner for each in catalog.rules().stops] == ["ada"]
    assert catalog.rules("staging").stops == ()


def test_of_a_release(catalog: Catalog) -> None:
    """Its file counts as it was when it began; freezes that were overridden for it do not count."""
    loaded = load(catalog.folder / "release.yaml")
    body = {
        "application": "storefront",
        "environment": "production",
        "config": loaded.file.model_dump(mode="json"),
        "folder": str(catalog.folder),
    }
    ledger, calendars = catalog.ledger, Calendars(catalog.folder / "cache")
    ledger.append("r1", "release.created", "ada", body)
    (catalog.folder / "release.yaml").unlink()

    def rules() -> Rules:
        return rules_for_run(ledger.events("r1"), [catalog.folder], calendars, ledger, NOON)

    (freeze,) = rules().freezes
    stopping.stop(ledger, "ada", "an outage", ("", ""))
    assert len(rules().stops) == 1
    stopping.let_go(ledger, "ada", "over", ("", ""))
    ledger.append("r1", "freeze.overridden", "ops", {"freeze": freeze.id})
    assert rules().freezes == ()
    assert rules().windows == loaded.file.environment("production").windows
    ledger.append("r1", "release.planned", "ada", {"plan_digest": "another than before"})
    assert rules().freezes == (freeze,)
    ledger.append("r1", "release.undoing", "ada", {"why": "not good"})
    assert rules() == Rules()
