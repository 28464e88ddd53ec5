"""Freezes from iCalendar: what comes back, exceptions, whole days, zones; what is wrong, with its line."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sendoff.errors import BadInput, Problem
from sendoff.spec.timing import FreezeCalendar
from sendoff.timing.calendar import freezes, points, read

HEAD = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n"
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def event(*lines: str, uid: str = "one") -> str:
    return "\n".join(("BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), *lines, "END:VEVENT\n"))


def calendar(*events: str, more: str = "") -> bytes:
    return (HEAD + more + "".join(events) + "END:VCALENDAR\n").encode()


def found(content: bytes, zone: str = "Europe/Zurich") -> list[tuple[str, str, str]]:
    source = FreezeCalendar(calendar="x.ics", owner="ops", reason="why", timezone=zone)
    return [
        (f"{each.begins:%m-%d %H:%M}", f"{each.ends:%m-%d %H:%M}", each.name)
        for each in freezes(read(content, "x.ics"), source, *YEAR)
    ]


def problems(content: bytes) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(content, "x.ics")
    return str(caught.value).splitlines()


RIGHT = {
    "in UTC": (
        (event("DTSTART:20260301T100000Z", "DTEND:20260301T110000Z", "SUMMARY:Sale"),),
        [("03-01 10:00", "03-01 11:00", "Sale")],
    ),
    "a whole day, where clocks are changed on it": (
        (event("DTSTART;VALUE=DATE:20260329"),),
        [("03-28 23:00", "03-29 22:00", "")],
    ),
    "a whole day that ends as it begins": (
        (
            event("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260329", "RRULE:FREQ=WEEKLY;COUNT=2"),
            event("DTSTART;VALUE=DATE:20260501", "DURATION:P0D", uid="2"),
        ),
        [
            ("03-28 23:00", "03-29 22:00", ""),
            ("04-04 22:00", "04-05 22:00", ""),
            ("04-30 22:00", "05-01 22:00", ""),
        ],
    ),
    "whole days": (
        (event("DTSTART;VALUE=DATE:20261220", "DTEND;VALUE=DATE:20261223"),),
        [("12-19 23:00", "12-22 23:00", "")],
    ),
    "without a zone, every week, across the change": (
        (event("DTSTART:20260323T100000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=2"),),
        [("03-23 09:00", "03-23 11:00", ""), ("03-30 08:00", "03-30 10:00", "")],
    ),
    "hours, over the change forward": (
        (event("DTSTART;TZID=Europe/Zurich:20260328T220000", "DURATION:PT8H"),),
        [("03-28 21:00", "03-29 05:00", "")],
    ),
    "hours, over the change back, every week": (
        (event("DTSTART;TZID=Europe/Zurich:20261017T220000", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;COUNT=3"),),
        [
            ("10-17 20:00", "10-18 04:00", ""),
            ("10-24 20:00", "10-25 04:00", ""),
            ("10-31 21:00", "11-01 05:00", ""),
        ],
    ),
    "a day by the wall clock, and one in hours": (
        (
            event("DTSTART;TZID=Europe/Zurich:20260328T120000", "DURATION:P1D", "SUMMARY:day"),
            event("DTSTART;TZID=Europe/Zurich:20260328T120000", "DURATION:PT24H", "SUMMARY:hours", uid="2"),
            event("DTSTART;TZID=Europe/Zurich:20260328T120000", "DURATION:P1DT1H", "SUMMARY:both", uid="3"),
            event("DTSTART;TZID=Europe/Zurich:20260322T120000", "DURATION:P1W", "SUMMARY:week", uid="4"),
        ),
        [
            ("03-22 11:00", "03-29 10:00", "week"),
            ("03-28 11:00", "03-29 10:00", "day"),
            ("03-28 11:00", "03-29 11:00", "both"),
            ("03-28 11:00", "03-29 11:00", "hours"),
        ],
    ),
    "from one time to another, every day, over the change": (
        (
            event(
                "DTSTART;TZID=Europe/Zurich:20260327T220000",
                "DTEND;TZID=Europe/Zurich:20260328T060000",
                "RRULE:FREQ=DAILY;COUNT=2",
            ),
        ),
        [("03-27 21:00", "03-28 05:00", ""), ("03-28 21:00", "03-29 04:00", "")],
    ),
    "hours from the beginning of a whole day": (
        (event("DTSTART;VALUE=DATE:20260329", "DURATION:PT8H"),),
        [("03-28 23:00", "03-29 07:00", "")],
    ),
    "hours, with one that ends when it says": (
        (
            event(
                "DTSTART:20260301T100000Z",
                "DURATION:PT2H",
                "RDATE;VALUE=PERIOD:20260302T100000Z/20260302T130000Z",
            ),
        ),
        [("03-01 10:00", "03-01 12:00", ""), ("03-02 10:00", "03-02 13:00", "")],
    ),
    "in a zone, with an exception": (
        (
            event(
                "DTSTART;TZID=America/New_York:20260501T100000",
                "DURATION:PT1H",
                "RRULE:FREQ=DAILY;COUNT=3",
                "EXDATE;TZID=America/New_York:20260502T100000",
            ),
        ),
        [("05-01 14:00", "05-01 15:00", ""), ("05-03 14:00", "05-03 15:00", "")],
    ),
    "one of them moved, and one cancelled": (
        (
            event("DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "RRULE:FREQ=DAILY;COUNT=3"),
            event("RECURRENCE-ID:20260602T100000Z", "DTSTART:20260602T200000Z", "DTEND:20260602T230000Z"),
            event(
                "RECURRENCE-ID:20260603T100000Z",
                "DTSTART:20260603T100000Z",
                "DTEND:20260603T110000Z",
                "STATUS:CANCELLED",
            ),
        ),
        [("06-01 10:00", "06-01 11:00", ""), ("06-02 20:00", "06-02 23:00", "")],
    ),
    "cancelled": ((event("DTSTART;VALUE=DATE:20260301", "STATUS:CANCELLED"),), []),
    "without a length": ((event("DTSTART:20260301T100000Z"),), []),
    "two without a name": (
        (event("DTSTART;VALUE=DATE:20260301", uid=""), event("DTSTART;VALUE=DATE:20260305", uid="")),
        [("02-28 23:00", "03-01 23:00", ""), ("03-04 23:00", "03-05 23:00", "")],
    ),
    "since long before": (
        (event("DTSTART;VALUE=DATE:20200101", "DTEND;VALUE=DATE:20990101"),),
        [("12-31 23:00", "12-31 23:00", "")],
    ),
    "once a year": (
        (event("DTSTART;VALUE=DATE:20201224", "RRULE:FREQ=YEARLY"),),
        [("12-23 23:00", "12-24 23:00", "")],
    ),
    "an alarm of its own, and a long line": (
        (
            event(
                "DTSTART:20260301T100000Z",
                "DTEND:20260301T110000Z",
                "SUMMARY:Year",
                "  end",
                "BEGIN:VALARM",
                "TRIGGER:-PT15M",
                "ACTION:DISPLAY",
                "END:VALARM",
            ),
        ),
        [("03-01 10:00", "03-01 11:00", "Year end")],
    ),
}


@pytest.mark.parametrize(("events", "expected"), RIGHT.values(), ids=RIGHT)
def test_right(events: tuple[str, ...], expected: list[tuple[str, str, str]]) -> None:
    """Every event is a freeze, each time it comes back."""
    assert found(calendar(*events)) == expected


def test_own_zone() -> None:
    """A calendar that says its zone means whole days, and times without one, in that."""
    content = calendar(event("DTSTART;VALUE=DATE:20260301"), more="X-WR-TIMEZONE:America/New_York\n")
    assert found(content) == [("03-01 05:00", "03-02 05:00", "")]


def test_zone_that_it_describes() -> None:
    """A zone that nobody knows counts as the calendar describes it."""
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    content = calendar(event("DTSTART;TZID=Ours:20260301T100000", "DURATION:PT1H"), more=zone)
    assert found(content) == [("03-01 07:00", "03-01 08:00", "")]


def described(offset: str, *, zone: str = "Customized Time Zone", uid: str = "one") -> bytes:
    """A calendar that uses a zone, and says what it is unless there is no offset."""
    lines = (
        f"BEGIN:VTIMEZONE\nTZID:{zone}\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        f"TZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    used = event(f'DTSTART;TZID="{zone}":20260301T100000', "DURATION:PT1H", uid=uid)
    return calendar(used, more=lines if offset else "")


EAST, WEST = [("03-01 09:00", "03-01 10:00", "")], [("03-01 18:00", "03-01 19:00", "")]


@pytest.mark.parametrize("order", [("+0100", "-0800"), ("-0800", "+0100")], ids=["east first", "west first"])
def test_zones_of_one_name(order: tuple[str, ...]) -> None:
    """Each calendar means what it describes itself, whichever was read before; one that does not is told."""
    for offset in order:
        assert found(described(offset)) == (EAST if offset == "+0100" else WEST)
    assert problems(described("")) == [
        "x.ics:6: DTSTART: unknown time zone 'Customized Time Zone', expected one that is known"
    ]


def test_zones_of_one_name_in_one_file() -> None:
    """It is the same for calendars that stand in one file, also where none of theirs is described."""
    assert found(described("-0800") + described("+0100", uid="two")) == EAST + WEST
    assert len(problems(described("-0800") + described("", uid="two"))) == 1


def test_described_zone_does_not_replace_a_known_one() -> None:
    """Programs describe known zones as well, for a year or two: what is known of them goes first."""
    assert found(described("-0800", zone="Europe/Zurich")) == EAST
    assert found(described("-0800", zone="(UTC+01:00) Amsterdam, Berlin")) == WEST


def test_zones_of_one_name_side_by_side() -> None:
    """Threads that read different calendars at the same time do not mix them up."""
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(found, [described("+0100"), described("-0800")] * 20))
    assert told == [EAST, WEST] * 20


def test_many_calendars_in_one_file() -> None:
    """All of them count, with Windows' line ends and a mark at the beginning."""
    text = calendar(event("DTSTART;VALUE=DATE:20260301")) + calendar(
        event("DTSTART;VALUE=DATE:20260302", uid="2")
    )
    assert len(found(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))) == 2


START = "DTSTART:20260301T100000Z"
WRONG = {
    "empty": (b"", "1: the file is empty, expected iCalendar"),
    "something else": (b"<html>\n", "1: '<html>' is no line of a calendar, expected NAME:value"),
    "not UTF-8": (b"BEGIN:VCALENDAR\n\xff", "2: byte 0xff is not UTF-8, expected text in UTF-8"),
    "only an event": (event(START).encode(), "1: is no calendar, expected BEGIN:VCALENDAR"),
    "cut off": (
        HEAD.encode() + b"BEGIN:VEVENT\nDTSTART:20260301T100000Z\n",
        "1: is no calendar, expected BEGIN:VCALENDAR",
    ),
    "no start": (calendar(event("SUMMARY:x")), "4: VEVENT: 'DTSTART' is missing, expected when it begins"),
    "no date": (
        calendar(event("SUMMARY:x", "DTSTART:2026-03-01")),
        "7: DTSTART: Expected datetime, date, or time. Got: '2026-03-01', "
        "expected a value that iCalendar knows",
    ),
    "backwards": (
        calendar(event(START, "DTEND:20260201T100000Z")),
        "7: DTEND: it ends before it begins, expected a time after DTSTART",
    ),
    "a length below zero": (
        calendar(event(START, "DURATION:-PT1H")),
        "7: DURATION: it ends before it begins, expected a time that is not negative",
    ),
    "an unknown zone": (
        calendar(event("DTSTART;TZID=Nowhere/Else:20260301T100000", "DURATION:PT1H")),
        "6: DTSTART: unknown time zone 'Nowhere/Else', expected one that is known",
    ),
    "an exception in an unknown zone": (
        calendar(event(START, "DURATION:PT1H", "EXDATE;TZID=Nowhere/Else:20260301T100000")),
        "8: EXDATE: unknown time zone 'Nowhere/Else', expected one that is known",
    ),
    "unknown zone of its own": (
        calendar(event(START), more="X-WR-TIMEZONE:Mars/Olympus\n"),
        "4: X-WR-TIMEZONE: unknown time zone 'Mars/Olympus', expected a name such as UTC or Europe/Zurich",
    ),
    "an unknown rule": (
        calendar(event(START, "RRULE:FREQ=NEVER")),
        "7: RRULE: Expected frequency, got: NEVER, expected a value that iCalendar knows",
    ),
    "a rule that cannot be": (
        calendar(event("DTSTART:20260101T100000Z", uid="2"), event(START, "RRULE:COUNT=3")),
        "11: VEVENT: cannot be worked out (rrule.__init__() missing 1 required positional argument: 'freq'), "
        "expected an event",
    ),
    "every second": (
        calendar(event(START, "RRULE:FREQ=SECONDLY")),
        "7: RRULE: comes back secondly, expected DAILY or more seldom",
    ),
    "after no time": (
        calendar(event(START, "RRULE:FREQ=DAILY;INTERVAL=0")),
        "7: RRULE: comes back after no time, expected INTERVAL=1 or more",
    ),
    "two of one name": (
        calendar(event(START), event("DTSTART:20260401T100000Z")),
        "9: UID: 'one' is the name of the event in line 4 too, expected a name of its own",
    ),
    "an end that is said twice": (
        calendar(event(START, "DTEND:20260301T110000Z", "DTEND:20260301T120000Z")),
        "7: DTEND: stands here twice, expected it once",
    ),
    "an event within another part": (
        HEAD.encode() + b"BEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VEVENT\n",
        "1: VEVENT: begins or ends within another part, expected BEGIN and END in turn",
    ),
    "a line that is none": (
        calendar(event(START, "junk line")),
        "7: 'junk line' is no line of a calendar, expected NAME:value",
    ),
}


@pytest.mark.parametrize(("content", "expected"), WRONG.values(), ids=WRONG)
def test_wrong(content: bytes, expected: str) -> None:
    """It is told with its line: a calendar of which a part is not understood freezes too little."""
    assert problems(content) == [f"x.ics:{expected}"]


POINT = "takes no time, so it freezes nothing, expected a later end, or a whole day"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((START, "SUMMARY:Books close"), [f"x.ics:4: VEVENT: 'Books close' {POINT}"]),
        ((START, START.replace("DTSTART", "DTEND")), [f"x.ics:4: VEVENT: an event without a name {POINT}"]),
        ((START, "DURATION:PT0S"), [f"x.ics:4: VEVENT: an event without a name {POINT}"]),
        ((START, "STATUS:CANCELLED"), []),
        ((START, "DURATION:PT1S"), []),
        (("DTSTART;VALUE=DATE:20260301",), []),
        (("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260301"), []),
    ],
    ids=[
        "no end",
        "ends as it begins",
        "no length",
        "cancelled",
        "a second",
        "a day",
        "a day without an end",
    ],
)
def test_points(lines: tuple[str, ...], expected: list[str]) -> None:
    """An event that takes no time is read, freezes nothing, and is told by its name."""
    assert list(map(str, points(read(calendar(event(*lines)), "x.ics")))) == expected


def test_too_large() -> None:
    """What does not fit into memory is not read at all."""
    assert problems(b"x" * 5_000_001) == ["x.ics:1: is too large, expected at most 5,000,000 bytes"]


@pytest.mark.parametrize(
    "zone", ["Europe/Zurich", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_as_walked_day_by_day(zone: str) -> None:
    """Rules of days and weeks with exceptions come back as they do when each day is looked at by itself."""
    chance, info = random.Random(zone), ZoneInfo(zone)
    for _ in range(40):
        first = datetime(2026, 3, 1) + timedelta(days=chance.randrange(60), minutes=chance.randrange(1440))
        step, times = chance.choice([1, 2, 7, 14]), chance.randrange(1, 12)
        length = timedelta(minutes=chance.randrange(1, 3000))
        days = [first + timedelta(days=step * number) for number in range(times)]
        gone = {day for day in days[1:] if chance.random() < 0.2}
        lines = [
            f"DTSTART;TZID={zone}:{first:%Y%m%dT%H%M%S}",
            f"DURATION:PT{int(length.total_seconds())}S",
            f"RRULE:FREQ=DAILY;INTERVAL={step};COUNT={times}",
            *(f"EXDATE;TZID={zone}:{day:%Y%m%dT%H%M%S}" for day in sorted(gone)),
        ]
        begins = [day.replace(tzinfo=info).astimezone(UTC) for day in days if day not in gone]
        spans = [(f"{each:%m-%d %H:%M}", f"{each + length:%m-%d %H:%M}", "") for each in begins]
        assert found(calendar(event(*lines))) == spans, lines


FUZZ = calendar(
    event(
        "DTSTART;TZID=Europe/Zurich:20260301T100000",
        "DTEND;TZID=Europe/Zurich:20260301T110000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=10",
        "EXDATE;TZID=Europe/Zurich:20260308T100000",
    ),
    event("RECURRENCE-ID;VALUE=DATE:20260315", "DTSTART;VALUE=DATE:20260315", "DURATION:P1D"),
    more="X-WR-TIMEZONE:Europe/Zurich\n",
)
BITS = st.sampled_from(
    [b";", b":", b"=", b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"\n", b" ", b"T", b"-", b"99999"]
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(FUZZ)), st.integers(0, 30), BITS | st.binary(max_size=5))
@example(137, 29, b":")
def test_fuzz(start: int, length: int, put: bytes) -> None:
    """Whatever is in a file, it is read, or told what is wrong with it and where."""
    content = FUZZ[:start] + put + FUZZ[start + length :]
    told: tuple[Problem, ...] = ()
    try:
        found(content)
    except BadInput as wrong:
        told = wrong.problems
    assert all(each.file == "x.ics" and each.line > 0 for each in told)
