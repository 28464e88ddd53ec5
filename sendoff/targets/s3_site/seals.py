"""The manifests in a site's bucket: which releases there are, and what each holds."""

from __future__ import annotations

from pydantic import ValidationError

from sendoff.errors import StepErrored
from sendoff.model import canonical
from sendoff.targets.s3_site.bucket import Found, SiteBucket
from sendoff.targets.s3_site.layout import MANIFESTS, Seal, manifest_key

GONE = b""  # what a manifest says of a release that was removed


def releases(bucket: SiteBucket) -> tuple[str, ...]:
    """List the releases that have a manifest, oldest first; an empty one says that its release is gone."""
    listed = {key: each for key, each in bucket.listing(MANIFESTS).items() if each.size}
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


def retire(bucket: SiteBucket, release: str, found: Found) -> bool:
    """Take a manifest away as it was read, and with it the release; False when it was changed meanwhile.

    That of a release with shared files is emptied instead: whoever serves the site needs it, so it must not
    go when the release went live meanwhile, and S3 has no condition for removals that all servers mind.
    """
    seal, key = seal_in(found.content), manifest_key(release)
    if seal and seal.layout == "folders":
        bucket.delete([key])
        return True
    return bucket.write(key, GONE, found.etag) or bucket.read(key).content in (GONE, None)


def renew(bucket: SiteBucket, release: str, token: int) -> Seal | None:
    """Read a manifest before its release goes live, and leave our number in it where its files are shared.

    Who was about to take it away finds another one. None when there is none, or one that cannot be read.
    """
    found = bucket.read(manifest_key(release))
    seal = seal_in(found.content)
    if seal is None or seal.layout == "folders" or seal.fence == token:
        return seal
    ours = seal.model_copy(update={"fence": token})
    is_written = bucket.write(manifest_key(release), canonical(ours), found.etag)
    if not is_written and read_seal(bucket, release) != ours:
        raise contended(bucket, release)
    return ours


def contended(bucket: SiteBucket, release: str) -> StepErrored:
    """Say that a manifest is not what we wrote."""
    return StepErrored(
        f"{bucket.name}: {manifest_key(release)} was written by others meanwhile, expected nobody else to "
        "write there; see who does, then try again"
    )
