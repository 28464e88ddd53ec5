"""Places and hosts, as runs name them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from sendoff.plan.models import Batch
from sendoff.settings import Settings
from sendoff.spec.intent import What
from tasks.run import Place, hosts_in, sweep_machine


def test_place_is_where_the_work_is() -> None:
    """It is told in words, and a lease is taken of it by name."""
    place = Place.of(What(application="shop", environment="live", version="1"))
    assert str(place) == "live of shop"
    assert place.resource == "shop/live"


def test_hosts_of_batches_keep_their_order() -> None:
    """Hosts come batch by batch, each with its target."""
    batches = (
        Batch(number=1, target="web", hosts=("b", "a"), max_failures=0),
        Batch(number=2, target="api", hosts=("c",), max_failures=0),
    )
    assert hosts_in(batches) == [("web", "b"), ("web", "a"), ("api", "c")]


def test_what_the_dead_have_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders to build in and folders for deltas that nobody holds any more are removed, and nothing else."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    left = (tmp_path / "home" / "builds" / "build-1", tmp_path / "tmp" / "sendoff-deltas-1")
    others = (tmp_path / "home" / "store" / "build-1", tmp_path / "tmp" / "sendoff-0")
    for each in (*left, *others):
        each.mkdir(parents=True)
        (each / "file").touch()
    sweep_machine(Settings.read({"SENDOFF_HOME": str(tmp_path / "home")}))
    assert not any(each.exists() for each in left)
    assert all((each / "file").exists() for each in others)
