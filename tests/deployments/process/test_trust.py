"""What clients trust is read once, and anew when it changes."""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from deployments.process import trust


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Of which files contexts have been made since."""
    files: list[str | None] = []
    make = ssl.create_default_context

    def noted(*words: ssl.Purpose, cafile: str | None = None) -> ssl.SSLContext:
        files.append(cafile)
        return make(*words, cafile=cafile)

    monkeypatch.setattr(ssl, "create_default_context", noted)
    trust.share()
    return files


@pytest.fixture
def file(made: list[str | None], tmp_path: Path) -> Path:
    """Certificates that Prefect's clients trust."""
    trust.read()
    known = made.pop()
    assert known is not None
    return Path(shutil.copy(known, tmp_path))


def test_clients_share(made: list[str | None]) -> None:
    """However many clients Prefect makes, it is read once."""
    trust.read()
    for _ in range(3):
        SyncPrefectClient("http://127.0.0.1")
    assert len(made) == 1


def test_one_for_each_file(made: list[str | None], file: Path) -> None:
    """Who trusts something else trusts only that."""
    other = Path(shutil.copy(file, file.with_name("other.pem")))
    first, again, apart = (ssl.create_default_context(cafile=str(each)) for each in (file, file, other))
    assert first is again is not apart
    assert made == [str(file), str(other)]


def test_changed_file_is_read_anew(made: list[str | None], file: Path) -> None:
    """An authority that is replaced while a worker runs is not trusted in its next run."""
    before = ssl.create_default_context(cafile=str(file))
    os.utime(file, ns=(0, 1))
    assert ssl.create_default_context(cafile=str(file)) is not before


def test_missing_file_is_an_error(made: list[str | None], tmp_path: Path) -> None:
    """As it is without this."""
    with pytest.raises(FileNotFoundError):
        ssl.create_default_context(cafile=str(tmp_path / "none.pem"))


def test_who_trusts_all_does_so_alone(made: list[str | None]) -> None:
    """A context that somebody makes for themselves, and may loosen, is nobody else's."""
    loose = ssl.create_default_context()
    loose.check_hostname = False
    assert ssl.create_default_context().check_hostname
    assert ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) is not loose
