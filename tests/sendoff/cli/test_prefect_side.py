"""What the command line hears from the process that needs Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from sendoff.cli.prefect_side import told_by


def test_what_it_says_is_read(tmp_path: Path) -> None:
    """As JSON; any module will do."""
    (tmp_path / "said").write_text('{"code": "c0dec0de"}')
    assert told_by("json.tool", str(tmp_path / "said")) == {"code": "c0dec0de"}


def test_its_exit_code_becomes_ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What it complains of has been told by then."""
    with pytest.raises(SystemExit) as left:
        told_by("json.tool", str(tmp_path / "nothing"))
    assert left.value.code not in (0, None)
    assert "nothing" in capfd.readouterr().err
