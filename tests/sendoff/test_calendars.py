"""Calendars where they are: a file, or an address that may be away; what is not known freezes everything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.ports import free_port
from sendoff import calendars as module
from sendoff.calendars import Calendars, CalendarUnread
from sendoff.spec.timing import FreezeCalendar
from sendoff.timing.calendar import Calendar, freezes, read
from tests.kit.serving import Handler, serving

EVENT = "BEGIN:VEVENT\nUID:{0}\nDTSTART;VALUE=DATE:20260301\nEND:VEVENT\n"


def ics(*names: str) -> bytes:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{''.join(map(EVENT.format, names))}END:VCALENDAR\n".encode()


def names(calendar: Calendar) -> list[str]:
    return [str(event["UID"]) for _, event in calendar.events]


@dataclass
class Site:
    """A web site with one calendar; `status` 302 sends to where it is."""

    address: str = ""
    status: int = 200
    content: bytes = field(default_factory=lambda: ics("a"))
    asked: int = 0
    pause: float = 0.0


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Calendars(Handler):
        def do_GET(self) -> None:
            made.asked += 1
            if made.status == 302 and "moved" not in self.path:
                self.answer(302, headers={"Location": "/moved?token=hunter2"})
                return
            self.send_response(200 if made.status == 302 else made.status)
            self.end_headers()
            time.sleep(made.pause)
            self.wfile.write(made.content)

    with serving(Calendars) as server:
        made.address = f"{server.address}/private.ics?token=hunter2"
        yield made


def later(cache: Path, hours: float = 1) -> Calendars:
    """Read again some time later: a copy that is fresh would be used as it is."""
    return Calendars(cache, now=lambda: datetime.now(UTC) + timedelta(hours=hours))


def test_file(tmp_path: Path) -> None:
    """A file is read each time, from the folder of the file that names it."""
    (tmp_path / "x.ics").write_bytes(ics("a"))
    assert names(Calendars(tmp_path / "cache").find("x.ics", tmp_path)) == ["a"]
    (tmp_path / "x.ics").write_bytes(ics("b"))
    assert names(Calendars(tmp_path / "cache").find("x.ics", tmp_path)) == ["b"]


def test_no_file(tmp_path: Path) -> None:
    """There is no copy of a file: it is where the release file is."""
    with pytest.raises(CalendarUnread, match=r"^the calendar 'x.ics' cannot be read \(no such file"):
        Calendars(tmp_path).find("x.ics", tmp_path)


def test_wrong_file(tmp_path: Path) -> None:
    """What is wrong is told with its line."""
    (tmp_path / "x.ics").write_bytes(ics("a").replace(b"20260301", b"soon"))
    with pytest.raises(CalendarUnread, match=r"x.ics:5: DTSTART: "):
        Calendars(tmp_path).find("x.ics", tmp_path)


@pytest.mark.parametrize("status", [200, 302])
def test_address(tmp_path: Path, site: Site, status: int) -> None:
    """It is fetched, also from where it has moved to."""
    site.status = status
    assert names(Calendars(tmp_path).find(site.address, tmp_path)) == ["a"]


def test_fresh_copy(tmp_path: Path, site: Site) -> None:
    """Each batch of a release looks: within a minute nobody is asked again, after that they are."""
    Calendars(tmp_path).find(site.address, tmp_path)
    site.content = ics("b")
    assert names(Calendars(tmp_path).find(site.address, tmp_path)) == ["a"]
    assert site.asked == 1
    assert names(later(tmp_path).find(site.address, tmp_path)) == ["b"]


@pytest.mark.parametrize(
    ("status", "content", "why"),
    [
        (500, b"", "status 500"),
        (404, b"", "status 404"),
        (200, b"<html>\n", "127.0.0.1:1: '<html>' is no line of a calendar, expected NAME:value"),
        (200, ics("a")[:-20], "127.0.0.1:1: is no calendar, expected BEGIN:VCALENDAR"),
        (200, b"x" * 5_000_001, "more than 5,000,000 bytes"),
    ],
    ids=["broken", "gone", "a page to sign in", "cut off", "endless"],
)
def test_last_good_copy(tmp_path: Path, site: Site, status: int, content: bytes, why: str) -> None:
    """What cannot be read does not take the place of the copy, which counts on, and that is said."""
    Calendars(tmp_path).find(site.address, tmp_path)
    site.status, site.content = status, content
    for _ in range(2):
        reading = later(tmp_path)
        assert names(reading.find(site.address, tmp_path)) == ["a"]
        (note,) = reading.notes
        assert note.startswith(f"the calendar at 127.0.0.1 cannot be read ({why}), so its copy of 20")
        assert "hunter2" not in note


@pytest.mark.parametrize("days", [8, -8], ids=["old", "of a clock that was wrong"])
def test_copy_that_counts_no_more(tmp_path: Path, site: Site, days: int) -> None:
    """Nobody knows what was frozen since: after 7 days there might as well be no copy."""
    Calendars(tmp_path).find(site.address, tmp_path)
    site.status = 500
    assert names(later(tmp_path, 24 * 6.9).find(site.address, tmp_path)) == ["a"]
    (copy,) = (tmp_path / "calendars").iterdir()
    then = datetime.now(UTC) - timedelta(days=days)
    os.utime(copy, (then.timestamp(), then.timestamp()))
    with pytest.raises(CalendarUnread) as unread:
        Calendars(tmp_path).find(site.address, tmp_path)
    assert str(unread.value) == (
        "the calendar at 127.0.0.1 cannot be read (status 500), "
        f"and its copy is of {then:%Y-%m-%d %H:%M} UTC: a copy counts for 7 days"
    )
    site.status = 200
    assert names(Calendars(tmp_path).find(site.address, tmp_path)) == ["a"]


def test_no_copy(tmp_path: Path, site: Site) -> None:
    """Without a copy it is not known what is frozen; its address, which may be secret, is not shown."""
    site.status = 500
    with pytest.raises(CalendarUnread) as unread:
        Calendars(tmp_path).find(site.address, tmp_path)
    assert str(unread.value) == (
        "the calendar at 127.0.0.1 cannot be read (status 500), and there is no copy of it"
    )


def test_nobody_there(tmp_path: Path) -> None:
    """A site that is away is no different."""
    with pytest.raises(CalendarUnread, match=r"\(no connection\), and there is no copy"):
        Calendars(tmp_path).find(f"http://127.0.0.1:{free_port()}/a.ics", tmp_path)


def test_slow(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    site.pause = 1
    with pytest.raises(CalendarUnread, match="no answer in 0 s"):
        Calendars(tmp_path).find(site.address, tmp_path)


def test_damaged_copy(tmp_path: Path, site: Site) -> None:
    """A copy that is not whole is none."""
    Calendars(tmp_path).find(site.address, tmp_path)
    (copy,) = (tmp_path / "calendars").iterdir()
    copy.write_bytes(b"BEGIN:")
    assert names(Calendars(tmp_path).find(site.address, tmp_path)) == ["a"]
    copy.write_bytes(b"BEGIN:")
    site.status = 500
    with pytest.raises(CalendarUnread):
        Calendars(tmp_path).find(site.address, tmp_path)


def test_copy_of_the_future(tmp_path: Path, site: Site) -> None:
    """A clock that was wrong does not keep a copy for ever."""
    Calendars(tmp_path).find(site.address, tmp_path)
    (copy,) = (tmp_path / "calendars").iterdir()
    ahead = datetime.now(UTC).timestamp() + 86400
    os.utime(copy, (ahead, ahead))
    site.content = ics("b")
    assert names(Calendars(tmp_path).find(site.address, tmp_path)) == ["b"]


def test_not_an_address(tmp_path: Path) -> None:
    """What no site can be at is told like any other."""
    with pytest.raises(CalendarUnread, match="the calendar at an address cannot be read"):
        Calendars(tmp_path).find("http://", tmp_path)


YEAR = timedelta(days=366)
DAILY = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200101T{0}Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\n"
    "END:VEVENT\nEND:VCALENDAR\n"
)
SOURCE = FreezeCalendar(calendar="x.ics", owner="ops", reason="why")


def test_worked_out_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch looks: while nothing changes, nothing is read or worked out anew."""
    done: list[str] = []

    def noted(work: Callable[..., Any]) -> Callable[..., Any]:
        def note(*given: Any) -> Any:
            done.append(work.__name__)
            return work(*given)

        return note

    for work in (read, freezes):
        monkeypatch.setattr(module, work.__name__, noted(work))
    calendars, noon = Calendars(tmp_path), datetime(2026, 11, 25, 12, tzinfo=UTC)

    def found(at: datetime, source: FreezeCalendar = SOURCE) -> list[str]:
        freezes = calendars.freezes(source, tmp_path, at, at + YEAR)
        return [f"{each.begins:%d %H} {each.owner}" for each in (freezes[0], freezes[-1])]

    (tmp_path / "x.ics").write_text(DAILY.format("120000"))
    assert found(noon + timedelta(minutes=59)) == ["25 12 ops", "26 12 ops"]
    assert found(noon + timedelta(minutes=60)) == ["26 12 ops", "26 12 ops"]
    assert done == ["read", "freezes"]
    assert found(noon, SOURCE.model_copy(update={"owner": "cfo"})) == ["25 12 cfo", "25 12 cfo"]
    (tmp_path / "x.ics").write_text(DAILY.format("130000"))
    assert found(noon) == ["25 13 ops", "25 13 ops"]
    assert found(noon + timedelta(days=1)) == ["26 13 ops", "26 13 ops"]
    assert done == ["read", "freezes", "freezes", "read", "freezes", "freezes"]
