"""The key pair of the stamps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sendoff.errors import BadInput
from sendoff.server.keys import PRIVATE, PUBLIC, key_pair


def test_made_once(tmp_path: Path) -> None:
    """The private one is the server's alone; the same is found again, and the public one fits it."""
    first = key_pair(tmp_path / "server")
    again = key_pair(tmp_path / "server")
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert (tmp_path / "server" / PRIVATE).stat().st_mode & 0o777 == 0o600
    assert b"PUBLIC KEY" in (tmp_path / "server" / PUBLIC).read_bytes()
    assert sorted(path.name for path in (tmp_path / "server").iterdir()) == [PRIVATE, PUBLIC]


def test_servers_that_start_at_once_agree(tmp_path: Path) -> None:
    """The first key counts for all."""
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: key_pair(tmp_path).private_bytes_raw(), range(8)))
    assert len({*keys}) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Whoever reads it can be anybody."""
    key_pair(tmp_path)
    (tmp_path / PRIVATE).chmod(0o644)
    with pytest.raises(BadInput, match="may be read by others"):
        key_pair(tmp_path)


def test_another_file_is_no_key(tmp_path: Path) -> None:
    """It is not overwritten."""
    (tmp_path / PRIVATE).touch(mode=0o600)
    (tmp_path / PRIVATE).write_text("hello")
    with pytest.raises(BadInput, match="is no key"):
        key_pair(tmp_path)
    assert (tmp_path / PRIVATE).read_text() == "hello"
