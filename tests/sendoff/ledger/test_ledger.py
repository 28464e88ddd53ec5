"""Appending, reading, and being read back the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.errors import BadInput, SendoffError, StepErrored
from sendoff.ledger import Ledger
from sendoff.ledger.models import GENESIS, Event, Head

CREATED = {"application": "storefront", "environment": "production", "version": "2.4.1"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def live(host: str, version: str, **more: Any) -> dict[str, Any]:
    body = {"application": "storefront", "environment": "production", "target": "web", "host": host}
    return {
        **body,
        "version": version,
        "release_name": f"{version}-abc",
        "digest": "d" * 64,
        "commit": None,
        **more,
    }


def test_numbers_and_links(ledger: Ledger) -> None:
    """Events are numbered from 1, and each holds the hash of the one before."""
    first = ledger.append("r1", "release.created", "ada", CREATED)
    second = ledger.append("r1", "release.ended", "ada", {"end": "live", "said": "done"})
    assert (first.number, first.previous_hash) == (1, GENESIS)
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert ledger.head() == Head(number=2, hash=second.hash)


def test_reads_back_what_was_appended(ledger: Ledger) -> None:
    """What append returns and what events lists are equal, times included."""
    appended = ledger.append("r1", "release.created", "ada", CREATED, key="created")
    assert ledger.events() == (appended,)
    assert appended.at == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def test_a_stranger_can_check_the_hash(ledger: Ledger) -> None:
    """An event that travelled as JSON still seals to its hash."""
    event = ledger.append("r1", "release.created", "ada", {**CREATED, "what": "Größe €"})
    travelled = Event.model_validate_json(event.model_dump_json())
    assert travelled.seal() == event.hash


def test_the_first_under_a_key_counts(ledger: Ledger) -> None:
    """A second append under the same release and key returns the first, whatever it says."""
    first = ledger.append("r1", "release.created", "ada", CREATED, key="created")
    again = ledger.append("r1", "release.ended", "bob", {"end": "live"}, key="created")
    assert again == first
    assert len(ledger.events()) == 1


def test_a_key_is_of_one_release(ledger: Ledger) -> None:
    """Another release may use the same key."""
    ledger.append("r1", "release.created", "ada", CREATED, key="created")
    ledger.append("r2", "release.created", "ada", CREATED, key="created")
    assert len(ledger.events()) == 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_body_verifies(ledger: Ledger, body: dict[str, Any]) -> None:
    """Nothing that a body may hold breaks the chain: odd floats, lone surrogates, any text."""
    event = ledger.append("r1", "step.done", "ada", body)
    assert ledger.last("r1") == event
    assert ledger.verify() is None


def test_what_a_database_cannot_hold(ledger: Ledger) -> None:
    """PostgreSQL has no text with a zero in it; all databases get the same text instead."""
    event = ledger.append("r1", "step.done", "a\0da", {"said": "\0", "host": "web\0", "er\0": 1})
    assert (event.actor, event.body) == ("a\ufffdda", {"said": "\ufffd", "host": "web\ufffd", "er\0": 1})
    assert ledger.events() == (event,)
    assert ledger.verify() is None


def test_masks_every_text_of_a_body(url: str) -> None:
    """Secrets are hidden at any depth, in a body and in the reason of a lease."""
    masked = Ledger.open(url, mask=lambda text: text.replace("hunter2", "***"))
    masked.append("r1", "step.done", "ada", {"said": "hunter2", "deep": [{"er": ("is hunter2",)}]})
    masked.take_lease("storefront/production", "r1", "ada", "hunter2")
    told = [event.body for event in masked.events()]
    assert told[0] == {"said": "***", "deep": [{"er": ["is ***"]}]}
    assert (told[1]["why"], masked.leases()[0].why) == ("***", "***")


def test_chooses_events(ledger: Ledger) -> None:
    """Events are found by release, kind, place and number; what a body lacks comes from its release."""
    ledger.append("r1", "release.created", "ada", CREATED)
    ledger.append("r2", "release.created", "ada", {**CREATED, "environment": "staging"})
    ledger.append("r1", "step.done", "ada", {"action": "build", "seconds": 1})
    ledger.append("r2", "step.done", "ada", {"action": "build", "seconds": 1})

    def numbers(**chosen: Any) -> list[int]:
        return [event.number for event in ledger.events(**chosen)]

    assert numbers(release="r1") == [1, 3]
    assert numbers(kinds=("step.done",)) == [3, 4]
    assert numbers(application="storefront", environment="staging") == [2, 4]
    assert numbers(after=1, limit=2) == [2, 3]
    assert [event.number for event in ledger.newest(2)] == [3, 4]


def test_no_kinds_are_no_events(ledger: Ledger) -> None:
    """An empty choice of kinds is empty; it is not all of them."""
    ledger.append("r1", "release.created", "ada", CREATED)
    assert ledger.events(kinds=()) == ()


def test_running(ledger: Ledger) -> None:
    """A release runs from its first event until it has ended."""
    ledger.append("r1", "release.created", "ada", CREATED)
    ledger.append("r2", "release.created", "ada", CREATED)
    ledger.append("r1", "release.ended", "ada", {"end": "live", "said": ""})
    assert [created.release for created in ledger.running()] == ["r2"]


def test_placements(ledger: Ledger) -> None:
    """A host has the version that its newest event says."""
    for host, version in (("web-1", "1.0"), ("web-2", "1.0"), ("web-1", "2.0")):
        ledger.append("r1", "host.live", "ada", live(host, version))
    assert [(placed.host, placed.version) for placed in ledger.placements()] == [
        ("web-1", "2.0"),
        ("web-2", "1.0"),
    ]


def test_history_and_release_named(ledger: Ledger) -> None:
    """Past releases are listed newest first, and found by the name they have on hosts."""
    for version in ("1.0", "2.0"):
        ledger.append(f"r{version}", "host.live", "ada", live("web-1", version))
    assert [past.version for past in ledger.placements_history("storefront", "production")] == ["2.0", "1.0"]
    found = ledger.release_named("1.0-abc")
    assert found
    assert found.version == "1.0"
    assert ledger.release_named("3.0-abc") is None


def test_durations(ledger: Ledger) -> None:
    """Durations are those of one environment."""
    ledger.append("r1", "release.created", "ada", CREATED)
    for seconds in (1, 2, 9):
        ledger.append("r1", "step.done", "ada", {"action": "deploy", "seconds": seconds})
    assert ledger.durations("storefront", "production") == {"deploy": 2}
    assert ledger.durations("storefront", "staging") == {}


def test_fifty_threads(ledger: Ledger) -> None:
    """Fifty threads append at once, and the chain is a chain."""

    def append(name: str) -> None:
        for number in range(4):
            ledger.append(name, "step.done", name, {"number": number})

    threads = [threading.Thread(target=append, args=(f"r{number}",)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.head().number == 200
    assert ledger.verify() is None


def test_find_makes_nothing(file: Any, sqlite_url: str) -> None:
    """Looking for a ledger that is not there leaves no trace."""
    assert Ledger.find(sqlite_url) is None
    assert not file.parent.exists()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "nodb://host/x",
        "mysql://y/z",
        "postgresql+psycopg2://y/z",
    ],
)
def test_a_bad_url(url: str) -> None:
    """A URL that no ledger can be kept under is bad input."""
    with pytest.raises(BadInput, match=r"ledger: URL: .*, expected one such as"):
        Ledger.open(url)


def test_a_file_that_is_no_database(file: Any, sqlite_url: str) -> None:
    """A file of something else is reported, with its name, and left alone."""
    file.parent.mkdir()
    file.write_text("these are notes, not a database\n" * 100)
    with pytest.raises(StepErrored, match=r"ledger\.db: .*not a database"):
        Ledger.open(sqlite_url)
    assert file.read_text().startswith("these are notes")


def test_a_row_that_cannot_be_read(ledger: Ledger, tamper: Callable[..., None]) -> None:
    """A mangled row is an error in words, not a traceback."""
    ledger.append("r1", "release.created", "ada", CREATED)
    tamper("UPDATE events SET body = '{'")
    with pytest.raises(SendoffError, match="run `sendoff ledger verify`"):
        ledger.events()


def test_placements_know_who_was_left_out(ledger: Ledger) -> None:
    """On each database: a host that a release went on without is drift until one goes live there."""
    place = {"application": "shop", "environment": "live", "target": "web", "host": "b"}
    ledger.append("r1", "host.live", "ada", {**place, "version": "1", "release_name": "1-x"})
    ledger.append("r2", "host.left_out", "ada", {**place, "version": "2", "live": "1-x"})
    assert [(each.version, each.left_out_of) for each in ledger.placements()] == [("1", "2")]
    ledger.append("r3", "host.live", "ada", {**place, "version": "3", "release_name": "3-x"})
    assert [(each.version, each.left_out_of) for each in ledger.placements()] == [("3", None)]
