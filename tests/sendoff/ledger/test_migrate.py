"""Tables are made by migrations, also from a wheel, and fit what the queries expect."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sendoff.ledger import Ledger, database
from sendoff.ledger.errors import LedgerTooNew
from sendoff.ledger.tables import REVISION, metadata

ROOT = Path(__file__).parents[3]


def test_tables_are_what_the_migrations_make(ledger: Ledger, url: str) -> None:
    """The migrations end at the revision and with the columns that the queries are written for."""
    with database.reading(database.connect(url)) as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == REVISION
        changes = compare_metadata(context, metadata)
    assert [change for change in changes if change[0] not in ("remove_index", "remove_constraint")] == []


def test_opening_again_changes_nothing(ledger: Ledger, url: str) -> None:
    """A ledger that is up to date keeps its events."""
    event = ledger.append("r1", "release.created", "ada", {})
    assert Ledger.open(url).events() == (event,)


def test_many_open_at_once(url: str) -> None:
    """Whoever comes first makes the tables; the others wait."""
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda _: Ledger.open(url), range(6)))
    for number, ledger in enumerate(opened):
        ledger.append("r1", "step.done", "ada", {"number": number})
    assert opened[0].head().number == 6


def test_many_ledgers_at_once(tmp_path: Path) -> None:
    """Threads of one process that open different ledgers do not get into each other's way."""
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        opened = list(pool.map(Ledger.open, urls))
    assert [ledger.append("r1", "step.done", "ada", {}).number for ledger in opened] == [1] * 12


def test_a_newer_ledger_is_refused(ledger: Ledger, tamper: Callable[..., None], url: str) -> None:
    """A ledger that a newer Sendoff has changed is not touched."""
    tamper("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match="of revision '9999', expected at most '0002'; use"):
        Ledger.open(url)


@pytest.mark.packaging
def test_works_from_a_wheel(tmp_path: Path) -> None:
    """The migrations are in the wheel, and are found where it was unpacked."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys, sendoff.ledger as ledger; print(ledger.__file__, ledger.Ledger.open(sys.argv[1]).head())"
    )
    command = [sys.executable, "-P", "-c", code, f"sqlite:///{tmp_path / 'ledger.db'}"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True)
    assert done.stdout.startswith(str(tmp_path / "site" / "sendoff"))
    assert "number=0" in done.stdout
