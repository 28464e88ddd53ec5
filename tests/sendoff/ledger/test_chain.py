"""What the chain shows: each way of tampering with the file, and the first event it names."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sendoff.ledger import Ledger, database
from sendoff.ledger.chain import first_break, index
from sendoff.ledger.models import Event
from sendoff.ledger.tables import events

Rows = list[Mapping[Any, Any]]
Tamper = Callable[..., None]
DOCS = Path(__file__).parents[3] / "docs" / "ledger.md"
MOVE = "UPDATE events SET number = CASE number WHEN 3 THEN -4 WHEN 4 THEN -3 ELSE number END"
CLOSE_UP = "DELETE FROM events WHERE number = 4; UPDATE events SET number = 1 - number WHERE number > 4"
AND_BACK = "; UPDATE events SET number = -number WHERE number < 0"
COPY = """INSERT INTO events SELECT 8, release, 'x', at, actor, kind, body,
          application, environment, target, host, previous_hash, hash FROM events WHERE number = 7"""
WAYS = {
    "body": ("UPDATE events SET body = replace(body, '2.4.1', '2.4.2') WHERE number = 1", 1),
    "spaces in the body": ("UPDATE events SET body = replace(body, ':', ': ') WHERE number = 3", 3),
    "no body": ("UPDATE events SET body = '' WHERE number = 3", 3),
    "body of bad JSON": ("UPDATE events SET body = '{' WHERE number = 3", 3),
    "body of a lone surrogate": ("""UPDATE events SET body = '{"a":"\\ud800"}' WHERE number = 3""", 3),
    "actor": ("UPDATE events SET actor = 'mallory' WHERE number = 4", 4),
    "time": ("UPDATE events SET at = replace(at, '2026', '2025') WHERE number = 2", 2),
    "form of the time": ("UPDATE events SET at = replace(at, 'T', ' ') WHERE number = 2", 2),
    "kind": ("UPDATE events SET kind = 'check.done' WHERE number = 5", 5),
    "release": ("UPDATE events SET release = 'r2' WHERE number = 5", 5),
    "key": ("UPDATE events SET key = 'other' WHERE number = 3", 3),
    "no key": ("UPDATE events SET key = NULL WHERE number = 3", 3),
    "hash": ("UPDATE events SET hash = previous_hash WHERE number = 5", 5),
    "previous hash": ("UPDATE events SET previous_hash = hash WHERE number = 5", 5),
    "index column": ("UPDATE events SET environment = 'staging' WHERE number = 6", 6),
    "no index column": ("UPDATE events SET application = NULL WHERE number = 6", 6),
    "removed": ("DELETE FROM events WHERE number = 4", 4),
    "first removed": ("DELETE FROM events WHERE number = 1", 1),
    "removed and closed up": (CLOSE_UP + AND_BACK, 4),
    "moved": (MOVE + AND_BACK, 3),
    "inserted at the end": (COPY, 8),
    "inserted before": (COPY.replace("SELECT 8", "SELECT 0"), 1),
}


@pytest.fixture
def seven(ledger: Ledger) -> Ledger:
    place = {"application": "storefront", "environment": "production", "version": "2.4.1"}
    ledger.append("r1", "release.created", "ada", place)
    for number in range(2, 8):
        ledger.append("r1", "step.done", "ada", {"step": f"deploy/{number}", "seconds": 0.5}, key=str(number))
    return ledger


@pytest.fixture
def seven_rows(seven: Ledger, url: str) -> Rows:
    with database.reading(database.connect(url)) as connection:
        return list(connection.execute(select(events).order_by(events.c.number)).mappings())


@pytest.mark.parametrize("way", WAYS)
def test_tampering_is_found(seven: Ledger, tamper: Tamper, way: str) -> None:
    """Whatever is changed, removed, inserted or moved, the first event that is wrong is named."""
    assert seven.verify() is None
    statements, number = WAYS[way]
    tamper(*statements.split(";"))
    broken = seven.verify()
    assert broken
    assert broken.number == number


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_body_that_is_no_text(seven: Ledger, tamper: Tamper, url: str) -> None:
    """SQLite lets anything into a column of text."""
    tamper("UPDATE events SET body = CAST('{}' AS BLOB) WHERE number = 3")
    broken = seven.verify()
    assert broken
    assert broken.number == 3


def test_a_changed_event_that_was_sealed_anew(seven: Ledger, tamper: Tamper) -> None:
    """Who computes the hash of a changed event anew breaks the next one."""
    third = seven.events()[2].model_copy(update={"actor": "mallory"})
    tamper("UPDATE events SET actor = 'mallory', hash = :seal WHERE number = 3", seal=third.seal())
    broken = seven.verify()
    assert str(broken).startswith(
        "ledger: event 4: it does not follow the one before, expected previous hash "
    )


def test_a_tail_that_is_cut_off_needs_the_head(seven: Ledger, tamper: Tamper) -> None:
    """The chain alone cannot show a missing tail; the head kept elsewhere does."""
    head = seven.head()
    tamper("DELETE FROM events WHERE number > 5")
    assert seven.verify() is None
    assert seven.head() != head


ROWS = st.lists(st.integers(0, 6), max_size=9)
COLUMNS = st.sampled_from([column.name for column in events.columns])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=ROWS | st.permutations(range(7)), renumbered=st.booleans(), data=st.data())
def test_any_tampering_is_found(seven_rows: Rows, order: list[int], *, renumbered: bool, data: Any) -> None:
    """Rows removed, copied and moved in any way, and any field changed: the first other row is named."""
    found = [dict(seven_rows[place]) for place in order]
    if found and data.draw(st.booleans()):
        changed, column = data.draw(st.sampled_from(found)), data.draw(COLUMNS)
        changed[column] = data.draw(st.sampled_from([None, "", "x", 3, *(row[column] for row in seven_rows)]))
    if renumbered:
        found = [row | {"number": number} for number, row in enumerate(found, 1)]
    other = (number for number, (row, was) in enumerate(zip_longest(found, seven_rows), 1) if row != was)
    first = next((number for number in other if number <= len(found)), None)
    broken = first_break(found)
    assert (broken and broken.number) == first


def test_every_field_is_sealed(seven: Ledger) -> None:
    """Whichever field of an event changes, its seal does."""
    event = seven.events()[1]
    other = {
        "number": 9,
        "release": "r9",
        "key": None,
        "at": event.at.replace(microsecond=1),
        "actor": "x",
        "kind": "x",
        "body": {},
        "previous_hash": "x",
    }
    assert set(other) == set(Event.model_fields) - {"hash"}
    seals = {event.model_copy(update={name: value}).seal() for name, value in other.items()}
    assert len(seals | {event.hash}) == len(other) + 1


def test_index_prefers_the_body() -> None:
    """Index columns come from the body; only the place is taken over from the release."""
    release = {"application": "storefront", "environment": "production", "host": "web-1"}
    assert index({"environment": "staging", "target": "web", "host": 3}, release) == {
        "application": "storefront",
        "environment": "staging",
        "target": "web",
        "host": None,
    }


def by_the_docs(file: Path) -> subprocess.CompletedProcess[str]:
    found = re.search("```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found
    return subprocess.run(
        [sys.executable, "-I", "-c", found[1], file], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_docs_verify_it_without_sendoff(seven: Ledger, file: Path, tamper: Tamper) -> None:
    """The few lines of the documentation come to the same verdicts, with Python alone."""
    event = seven.append("r1", "step.done", "Zoë", {"said": 'größer "than"\n€ \u2028', "seconds": 1e-7})
    assert by_the_docs(file).stdout == f"ok: 8 events, head {event.hash}\n"
    tamper("UPDATE events SET actor = 'mallory' WHERE number = 4")
    assert "event 4 was changed" in by_the_docs(file).stderr
