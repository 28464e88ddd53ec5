"""The manifests in a site's bucket: which releases there are, and what each holds."""

from __future__ import annotations

from pydantic import ValidationError

from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import MANIFESTS, Seal, manifest_key


def releases(bucket: SiteBucket) -> tuple[str, ...]:
    """List the releases that have a manifest, oldest first."""
    listed = bucket.listing(MANIFESTS)
    oldest = sorted(listed, key=lambda key: (listed[key].modified, key))
    return tuple(key.removeprefix(MANIFESTS).removesuffix(".json") for key in oldest if key.endswith(".json"))


def read_seal(bucket: SiteBucket, release: str) -> Seal | None:
    """Read the manifest of a release; None when there is none, or one that cannot be read."""
    return seal_in(bucket.read(manifest_key(release)).content)


def seal_in(content: bytes | None) -> Seal | None:
    """Read what a manifest says; None when there is none, or one that cannot be read."""
    try:
        return Seal.model_validate_json(content) if content is not None else None
    except ValidationError:
        return None
