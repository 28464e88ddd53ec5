"""The folder of artifacts."""

from __future__ import annotations

from pathlib import Path

from blocks.store import ArtifactFolder


def test_store_is_in_the_folder(tmp_path: Path) -> None:
    """Connecting opens a store there; nothing was built yet."""
    store = ArtifactFolder(folder=str(tmp_path / "store")).connect()
    assert store.find("shop", "1") is None
    store.close()
