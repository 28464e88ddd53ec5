"""Code as Lambda takes it."""

from __future__ import annotations

import io
import zipfile


def packed(files: dict[str, str]) -> bytes:
    """Pack texts by name into an archive, the same for the same files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()
