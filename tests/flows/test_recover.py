"""The flow that looks after a run whose process has died."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from flows import recover as module


def test_what_the_dead_have_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the run has come to its end, so that no process of its own comes to do it."""
    left = tmp_path / "tmp" / "sendoff-deltas-1"
    left.mkdir(parents=True)
    recovery = SimpleNamespace(look_after=lambda *words: "it has ended; nothing is done")
    monkeypatch.setattr(tempfile, "tempdir", str(left.parent))
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "get_client", lambda sync_client: nullcontext())
    monkeypatch.setattr(module, "Recovery", lambda *words, **named: recovery)
    state: Any = module.recover.fn(uuid4())
    assert state.message == "it has ended; nothing is done"
    assert not left.exists()
