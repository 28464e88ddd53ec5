"""The zip of a release, whose every byte follows from the release and the zlib that packs it."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import stat
import zipfile
from contextlib import closing
from typing import NamedTuple

from sendoff.artifact.manifest import Artifact, Entry, Manifest
from sendoff.errors import PolicyRefused
from sendoff.model import canonical
from sendoff.store import ArtifactStore
from sendoff.targets.content import Content
from sendoff.targets.files import only_files
from sendoff.targets.function.layout import MARKER

LARGEST = 50 << 20  # bytes of a zip that is sent to Lambda itself
LARGEST_UNPACKED = 250 << 20
LONG_AGO = (1980, 1, 1, 0, 0, 0)


class Package(NamedTuple):
    """A zip, and its SHA-256 in base64, as Lambda names it."""

    content: bytes
    sha256: str


def files_of(where: str, release: str, manifest: Manifest) -> tuple[Entry, ...]:
    """List the files of an artifact; PolicyRefused when Lambda could not take them."""
    files = only_files(where, "a function", release, manifest)
    if any(entry.path == MARKER for entry in files):
        raise PolicyRefused(
            f"{where}: {release} has a file {MARKER!r}, expected none, as Sendoff puts one there; have the "
            "build command leave it out"
        )
    if manifest.size > LARGEST_UNPACKED:
        raise _too_large(where, release, manifest.size, LARGEST_UNPACKED)
    return files


def package(
    where: str, alias: str, artifact: Artifact, files: tuple[Entry, ...], store: ArtifactStore
) -> Package:
    """Pack the files of an artifact; PolicyRefused when the zip is too large.

    A file `.sendoff.json` says what release it is. So no release has the code of another one, of which Lambda
    would make no version of its own.
    """
    release, out = artifact.release_name, io.BytesIO()
    marker = canonical({"release": release, "alias": alias, "digest": artifact.digest})
    with closing(Content(store, artifact.digest)) as content, zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_info(MARKER, 0o644), marker)
        for entry in files:
            with content.body(entry) as body, archive.open(_info(entry.path, entry.mode), "w") as packed:
                shutil.copyfileobj(body.file, packed)
            if out.tell() > LARGEST:
                raise _too_large(where, release, out.tell(), LARGEST, " packed")
    return Package(out.getvalue(), base64.b64encode(hashlib.sha256(out.getvalue()).digest()).decode())


def probe() -> bytes:
    """Make a zip that is small and in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_info(MARKER, 0o644), b"{}")
    return out.getvalue()


def _info(path: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, LONG_AGO)
    info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED  # 3: Unix, on whatever it is packed
    info.external_attr = (stat.S_IFREG | mode) << 16
    return info


def _too_large(where: str, release: str, size: int, most: int, how: str = "") -> PolicyRefused:
    return PolicyRefused(
        f"{where}: {release} has {size / (1 << 20):.1f} MiB or more{how}, expected at most {most >> 20} MiB, "
        "which is all that Lambda takes; have the build command leave out what is not needed, or put "
        "libraries into a layer of the function"
    )
