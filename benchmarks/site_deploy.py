"""What `benchmarks.site` times of Sendoff: a version is deployed to a static site, dark, and made live.

It loads what that takes, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site.site import open_target

BUCKET = "pages"


def deploy(store: str, version: str, layout: Any, prefix: str, endpoint: str, region: str) -> None:
    """Deploy a version of the store, then switch to it."""
    kept = ArtifactStore(FolderObjects(Path(store)))
    artifact = kept.find("site", version)
    if artifact is None:
        raise SystemExit(f"{store}: no version {version} of 'site'")
    site = StaticSite(
        kind="s3-site",
        name="pages",
        bucket=BUCKET,
        prefix=prefix,
        endpoint=endpoint,
        region=region,
        layout=layout,
    )
    with open_target(site, Access(), by="bench", token=1) as opened:
        print(opened.host("pages").deploy(artifact, kept).said)
        print(opened.host("pages").switch(artifact.release_name).said)


if __name__ == "__main__":
    deploy(*sys.argv[1:])
