"""The files of an artifact, for places that know nothing but files."""

from __future__ import annotations

from sendoff.artifact.manifest import Entry, Manifest
from sendoff.errors import PolicyRefused


def only_files(where: str, place: str, release: str, manifest: Manifest) -> tuple[Entry, ...]:
    """List the files of an artifact; PolicyRefused when it holds links.

    `place`: what has no links, such as `a bucket`. Empty folders are left out.
    """
    links = [entry.path for entry in manifest.entries if entry.kind == "link"]
    if links:
        more = f" and {len(links) - 3} more" if len(links) > 3 else ""
        raise PolicyRefused(
            f"{where}: {release} has links ({', '.join(map(repr, links[:3]))}{more}), expected files only, "
            f"as {place} has no links; have the build command put copies in their place"
        )
    return tuple(entry for entry in manifest.entries if entry.kind == "file")
