"""Archives: code as Lambda takes it, and what comes out of a tar."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any


def packed(files: dict[str, str]) -> bytes:
    """Pack texts by name into an archive, the same for the same files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def extract(archive: tarfile.TarFile, into: Path) -> None:
    """Extract all; Python has had filters since 3.11.4, and wants one from 3.12 on."""
    filters: dict[str, Any] = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
    archive.extractall(into, **filters)  # noqa: S202 -- the tests have packed it themselves
