"""A ledger in a file of its own, with a clock that moves a second at every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sendoff.ledger import Ledger

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    moments = iter(START + timedelta(seconds=second) for second in range(1_000_000))
    return lambda: next(moments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def ledger(url: str, clock: Callable[[], datetime]) -> Iterator[Ledger]:
    opened = Ledger.open(url, clock=clock)
    yield opened
    opened.close()
