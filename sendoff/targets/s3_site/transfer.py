"""Bringing a release into a bucket: what is there stays, what others have is copied, the rest is sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from pydantic import ValidationError

from sendoff.artifact.manifest import Artifact, Entry
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.objects.s3.upload import Headers
from sendoff.report.words import count
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.protocol import Outcome
from sendoff.targets.s3_site.bucket import SiteBucket, names
from sendoff.targets.s3_site.content import Content
from sendoff.targets.s3_site.layout import MANIFESTS, Listed, Seal, Sealed, files_of, folder, manifest_key
from sendoff.targets.s3_site.media import content_type
from sendoff.targets.s3_site.pointer import PointerFile

AT_ONCE = 16  # files; each is in memory up to the size of a part
BASES = 2  # releases that are copied from
LARGEST_COPY = 5 << 30


def seal_in(content: bytes | None) -> Seal | None:
    """Read the manifest of a release; None when there is none, or one that cannot be read."""
    try:
        return Seal.model_validate_json(content) if content is not None else None
    except ValidationError:
        return None


class Transfer:
    """One release on its way into one bucket."""

    def __init__(
        self,
        bucket: SiteBucket,
        pointer: PointerFile,
        site: StaticSite,
        by: str,
        artifact: Artifact,
        store: ArtifactStore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket, self._pointer, self._site, self._by = bucket, pointer, site, by
        self._artifact, self._name, self._clock = artifact, artifact.release_name, clock
        self._until = clock() + site.transfer_timeout
        self._content = Content(store, artifact.digest)
        self._files = files_of(site.name, site.prefix, self._name, store.manifest(artifact.digest))
        self._there: dict[str, Listed] = {}
        self._bases: dict[str, tuple[str, str]] = {}

    def carry_out(self) -> Outcome:
        """Put what lacks, see that all is there, and seal it."""
        doing = f"deploying {self._name}"
        live = self._pointer.hold(doing).pointer.release
        manifest = self._bucket.read(manifest_key(self._name)).content
        seal = seal_in(manifest)
        self._there = self._bucket.listing(folder(self._name))
        if seal and (problem := self._problem(seal)) is None:
            return Outcome(changed=False, said=f"{self._name} is there already, sealed and whole")
        if self._name == live:
            raise PolicyRefused(
                f"{self._site.name}: {self._name} is live and no longer what was sealed "
                f"({problem if seal else 'its manifest is gone'}), expected it as it was put there; "
                "put another release live first"
            )
        self._clear(had_manifest=manifest is not None)
        self._bases = self._copied_from(live)
        done = self._put_all()
        self._pointer.hold(doing)
        self._seal()
        mended = f"; what was there was damaged: {problem}" if seal else ""
        return Outcome(changed=True, said=f"{self._name} is there, {self._told(done)}{mended}")

    def _problem(self, seal: Seal) -> str | None:
        if seal.digest != self._artifact.digest:
            return "it holds other content than this artifact"
        return seal.problem(self._there)

    def _clear(self, had_manifest: bool) -> None:
        """Take away what is not of this release, and first its manifest, as it is not whole now."""
        sizes = {entry.path: entry.size for entry in self._files}
        wrong = [path for path, listed in self._there.items() if sizes.get(path) != listed.size]
        if had_manifest:
            self._bucket.delete([manifest_key(self._name)])
        self._bucket.delete(folder(self._name) + path for path in wrong)
        for path in wrong:
            del self._there[path]

    def _copied_from(self, live: str | None) -> dict[str, tuple[str, str]]:
        """Map contents to a key and the ETag there: of the live release, then of the newest others."""
        listed = self._bucket.listing(MANIFESTS)
        newest = sorted(listed, key=lambda key: (listed[key].modified, key), reverse=True)
        others = [name for name in names(newest) if name not in (live, self._name)]
        found: dict[str, tuple[str, str]] = {}
        for name in [*([live] if live else []), *others][:BASES]:
            for file in self._sealed_in(name):
                if file.size <= LARGEST_COPY:
                    found.setdefault(file.sha256, (folder(name) + file.path, file.etag))
        return found

    def _sealed_in(self, release: str) -> tuple[Sealed, ...]:
        seal = seal_in(self._bucket.read(manifest_key(release)).content)
        return seal.files if seal else ()

    def _put_all(self) -> Counter[str]:
        """Put all files, many at once; the first that fails ends it, and what is there stays for a repeat."""
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="site")
        try:
            pending = [pool.submit(self._put, entry) for entry in self._files]
            done, _ = wait(pending, return_when=FIRST_EXCEPTION)
            for each in done:
                each.result()
        finally:
            pool.shutdown(cancel_futures=True)
            self._content.close()
        told: Counter[str] = Counter()
        for entry, each in zip(self._files, pending, strict=True):
            told[each.result()] += 1
            told[f"{each.result()} bytes"] += entry.size
        return told

    def _put(self, entry: Entry) -> str:
        """Put one file; tells how it came there."""
        if self._clock() > self._until:
            raise StepErrored(
                f"{self._site.name}: {self._name} is not there within {self._site.transfer_timeout:g} s, "
                "expected it to be; raise `transfer_timeout`, or try again: what is there is not sent again"
            )
        key, headers = folder(self._name) + entry.path, self._headers(entry.path)
        if entry.path in self._there:
            if self._bucket.holds(key, entry.sha256, headers):
                return "kept"
            self._bucket.delete([key])
        if entry.sha256 in self._bases:
            source, etag = self._bases[entry.sha256]
            if self._bucket.copy(source, etag, key, entry.sha256, headers):
                return "copied"
        with self._content.body(entry) as body:
            if not self._bucket.put_new(key, body, headers) and not self._bucket.holds(
                key, entry.sha256, headers
            ):
                raise StepErrored(
                    f"{self._site.name}: {key} was put there by others meanwhile, with other content, "
                    "expected nobody else to write there; see who does, then try again"
                )
        return "sent"

    def _headers(self, path: str) -> Headers:
        headers: Headers = {"ContentType": content_type(path)}
        if control := self._site.cache_control(path):
            headers["CacheControl"] = control
        return headers

    def _seal(self) -> None:
        """Write the manifest, after one look at whether all is there: from then on the release exists."""
        there = self._bucket.listing(folder(self._name))
        sizes = {entry.path: entry.size for entry in self._files}
        if (found := {path: listed.size for path, listed in there.items()}) != sizes:
            path = min(path for path in {*found, *sizes} if found.get(path) != sizes.get(path))
            raise StepErrored(
                f"{self._site.name}: {path!r} of {self._name} has {found.get(path, 'no')} bytes there, "
                f"expected {sizes.get(path, 'no such file')}; see who else writes there, then try again"
            )
        seal = Seal(
            release=self._name,
            digest=self._artifact.digest,
            files=tuple(self._sealed(entry, there[entry.path]) for entry in self._files),
            fence=self._pointer.token,
            by=self._by,
        )
        if not self._bucket.write(manifest_key(self._name), canonical(seal), None):
            written = seal_in(self._bucket.read(manifest_key(self._name)).content)
            if written is None or written.digest != seal.digest or written.problem(there):
                raise StepErrored(
                    f"{self._site.name}: {manifest_key(self._name)} was written by others meanwhile, "
                    "expected nobody else to write there; see who does, then try again"
                )

    def _sealed(self, entry: Entry, listed: Listed) -> Sealed:
        headers = self._headers(entry.path)
        return Sealed(
            path=entry.path,
            size=entry.size,
            sha256=entry.sha256,
            etag=listed.etag,
            content_type=headers["ContentType"],
            cache_control=headers.get("CacheControl"),
        )

    def _told(self, done: Counter[str]) -> str:
        parts = [f"{count(done['sent'], 'file')} sent ({done['sent bytes'] / 1e6:.1f} MB)"]
        if done["copied"]:
            parts.append(f"{done['copied']} copied in the bucket")
        if done["kept"]:
            parts.append(f"{done['kept']} were there")
        return f"{', '.join(parts)}, every checksum compared by the server"
