"""Files of freezes: found in the catalog, and told what is wrong with them, with lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sendoff import catalog
from sendoff.errors import BadInput
from sendoff.freezing import in_calendars, load, strangers, survey

RIGHT = """\
freezes:
  - {calendar: company.ics, owner: ops, reason: Holidays, environments: [production]}
  - {begins: "2026-12-20 00:00", ends: "2027-01-04 08:00", owner: cfo, reason: X, applications: [storefront]}
"""
HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "spec" / "right.yaml", "release.yaml")
    return tmp_path


def problems(text: str) -> list[str]:
    Path("freezes.yaml").write_text(text)
    with pytest.raises(BadInput) as caught:
        load(Path("freezes.yaml"))
    return str(caught.value).splitlines()


def test_found_in_folders_and_by_name(folder: Path) -> None:
    """It is no release file, and a release file is none of these."""
    Path("freezes.yaml").write_text(RIGHT)
    Path("more").mkdir()
    Path("more/sales.freezes.yaml").write_text(RIGHT)
    found, wrong = survey([Path()])
    assert ([str(each.path) for each in found], wrong) == (["freezes.yaml", "more/sales.freezes.yaml"], [])
    loaded, wrong = catalog.survey([Path("release.yaml"), Path("freezes.yaml"), Path("more")])
    assert ([str(each.path) for each in loaded], wrong) == (["release.yaml"], [])
    assert [str(each.path) for each in survey([Path("release.yaml"), Path("freezes.yaml")])[0]] == [
        "freezes.yaml"
    ]


def test_what_it_says(folder: Path) -> None:
    """Empty names mean all."""
    Path("freezes.yaml").write_text(RIGHT)
    calendar, dates = load(Path("freezes.yaml")).file.freezes
    assert (calendar.applications, calendar.environments) == ((), ("production",))
    assert (dates.applications, dates.owner) == (("storefront",), "cfo")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "owner: ops, ",
            "",
            "2: freezes/0: 'owner' is missing, expected who decided it, a person or a group",
        ),
        ("owner: ops", "owner: ops, colour: red", "2: freezes/0/colour: unknown key 'colour'"),
        (
            "calendar: company.ics, ",
            "",
            "2: freezes/0: is a mapping of 'owner', 'reason', 'environments', expected",
        ),
        (
            "2027-01-04 08:00",
            "2026-01-04 08:00",
            "3: freezes/1/ends: '2026-01-04 08:00' is not after 'begins'",
        ),
        (
            "2027-01-04 08:00",
            "tomorrow",
            "3: freezes/1/ends: 'tomorrow' is not allowed, expected a day and a time",
        ),
        ("freezes:", "frezes:", "1: "),
    ],
)
def test_wrong(folder: Path, old: str, new: str, expected: str) -> None:
    """Like a release file."""
    found = problems(RIGHT.replace(old, new))
    assert found[0].startswith(f"freezes.yaml:{expected}")


def test_not_yaml(folder: Path) -> None:
    """What cannot be read at all is told as well, and so is what is not there."""
    assert problems("freezes: [\n")[0].startswith("freezes.yaml:2: not YAML: ")
    Path("freezes.yaml").unlink()
    Path("freezes.yaml").mkdir()
    with pytest.raises(BadInput, match=r"^freezes.yaml: cannot be read \(is a directory\), expected a YAML"):
        load(Path("freezes.yaml"))


def test_strangers(folder: Path) -> None:
    """A name with a typing error would free what it was meant to freeze."""
    Path("freezes.yaml").write_text(
        RIGHT.replace("[production]", "[prodution]").replace("[store", "[shop, store")
    )
    loaded, _ = catalog.survey([folder])
    found, _ = survey([Path()])
    assert [str(each) for each in strangers(found, loaded)] == [
        "freezes.yaml:2: freezes/0/environments/0: unknown environment 'prodution', "
        "expected 'production' (of production, staging)",
        "freezes.yaml:3: freezes/1/applications/0: unknown application 'shop', expected one of: storefront",
    ]


def test_calendars(folder: Path) -> None:
    """Calendars that are files are looked into: missing, wrong, and right."""
    Path("freezes.yaml").write_text(RIGHT)
    found, _ = survey([Path()])
    loaded, _ = catalog.survey([folder])
    (missing,) = in_calendars(loaded, found)
    assert str(missing) == (
        "freezes.yaml:2: freezes/0/calendar: 'company.ics' cannot be read (no such file or directory), "
        "expected an iCalendar file"
    )
    Path("company.ics").write_text("BEGIN:VCALENDAR\nhello\n")
    (wrong,) = in_calendars(loaded, found)
    assert str(wrong) == "company.ics:2: 'hello' is no line of a calendar, expected NAME:value"
    Path("company.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    assert list(in_calendars(loaded, found)) == []


def test_events_that_freeze_nothing(folder: Path) -> None:
    """What takes no time is told, though a release reads the calendar as it is."""
    Path("freezes.yaml").write_text(RIGHT)
    event = "BEGIN:VEVENT\nDTSTART:20261224T180000Z\nSUMMARY:Everybody leaves\nEND:VEVENT\n"
    Path("company.ics").write_text(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n")
    (told,) = in_calendars(catalog.survey([folder])[0], survey([Path()])[0])
    assert str(told).startswith("company.ics:2: VEVENT: 'Everybody leaves' takes no time")
