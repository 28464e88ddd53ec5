"""Where artifacts are kept."""

from __future__ import annotations

from pathlib import Path

from prefect.blocks.core import Block
from pydantic import Field

from sendoff.store import ArtifactStore, FolderObjects


class ArtifactFolder(Block):
    """A folder that every worker of the pool can read and write."""

    _block_type_name = "Sendoff artifact folder"
    _block_type_slug = "sendoff-artifact-folder"
    _description = "The folder in which artifacts are kept, each once, under its digest."

    folder: str = Field(title="Folder", description="An absolute path, the same on every worker")

    def connect(self) -> ArtifactStore:
        """Open the store."""
        return ArtifactStore(FolderObjects(Path(self.folder)))
