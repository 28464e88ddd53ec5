"""Bringing a release into a bucket: what is there stays, what others have is copied, the rest is sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import NamedTuple

from sendoff.artifact.manifest import Artifact, Entry
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.objects.s3.upload import Headers
from sendoff.report.words import count
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.content import Content
from sendoff.targets.protocol import Outcome
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import Layout, Listed, Seal, Sealed, files_of, manifest_key
from sendoff.targets.s3_site.media import content_type
from sendoff.targets.s3_site.place import Place, place_of, problem_of
from sendoff.targets.s3_site.pointer import PointerFile
from sendoff.targets.s3_site.seals import contended, read_seal, releases, seal_in

AT_ONCE = 16  # files; each is in memory up to the size of a part
BASES = 2  # releases whose manifests are read for what is there
LARGEST_COPY = 5 << 30


class Planned(NamedTuple):
    """A file of the release on its way to its key."""

    entry: Entry
    key: str
    headers: Headers


class Known(NamedTuple):
    """What other releases have: each object as it was sealed, and where a content can be copied from."""

    sealed: set[tuple[str, int, str]]
    copies: dict[str, tuple[str, str]]


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

    def carry_out(self) -> Outcome:
        """Put what lacks, see that all is there, and seal it."""
        doing = f"deploying {self._name}"
        manifest = self._bucket.read(manifest_key(self._name))  # first, so that who overtakes us changes it
        live = self._pointer.hold(doing).pointer.release
        seal = seal_in(manifest.content)
        if seal and (problem := self._problem(seal)) is None:
            return Outcome(changed=False, said=f"{self._name} is there already, sealed and whole")
        if self._name == live:
            raise PolicyRefused(
                f"{self._site.name}: {self._name} is live and no longer what was sealed "
                f"({problem if seal else 'its manifest is gone'}), expected it as it was put there; "
                "put another release live first"
            )
        place = place_of(self._bucket, self._name, self._site.layout)
        planned = self._planned(place)
        done = self._put_all(planned, self._cleared(place, planned), self._known(live))
        self._pointer.hold(doing)
        self._seal(place, planned, manifest.etag)
        mended = f"; what was there was damaged: {problem}" if seal else ""
        return Outcome(changed=True, said=f"{self._name} is there, {self._told(done)}{mended}")

    def _problem(self, seal: Seal) -> str | None:
        if seal.digest != self._artifact.digest:
            return "it holds other content than this artifact"
        return problem_of(self._bucket, seal)

    def _planned(self, place: Place) -> tuple[Planned, ...]:
        planned = []
        for entry in self._files:
            headers = self._headers(entry.path)
            planned.append(Planned(entry, place.key(entry.path, entry.sha256, headers), headers))
        return tuple(planned)

    def _headers(self, path: str) -> Headers:
        headers: Headers = {"ContentType": content_type(path)}
        if control := self._site.cache_control(path):
            headers["CacheControl"] = control
        return headers

    def _cleared(self, place: Place, planned: Iterable[Planned]) -> dict[str, Listed]:
        """Take away what is not of this release, and list what is there then."""
        there = place.listing()
        strays = place.strays(there, _sizes(planned))
        self._bucket.delete(strays)
        return {key: listed for key, listed in there.items() if key not in strays}

    def _known(self, live: str | None) -> Known:
        """Read what the live release has, then the newest others."""
        others = [name for name in reversed(releases(self._bucket)) if name not in (live, self._name)]
        known = Known(set(), {})
        for name in [*([live] if live else []), *others][:BASES]:
            seal = read_seal(self._bucket, name)
            for key, file in seal.by_key() if seal else ():
                known.sealed.add((key, file.size, file.etag))
                if file.size <= LARGEST_COPY:
                    known.copies.setdefault(file.sha256, (key, file.etag))
        return known

    def _put_all(self, planned: Iterable[Planned], there: dict[str, Listed], known: Known) -> Counter[str]:
        """Put all files, many at once; the first that fails ends it, and what is there stays for a repeat."""
        wanted, told = {each.key: each for each in planned}, Counter[str]()
        for key, listed in there.items():
            if key in wanted and (key, listed.size, listed.etag) in known.sealed:
                del wanted[key]
                told["kept"] += 1
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="site")
        try:
            pending = [pool.submit(self._put, each, there, known) for each in wanted.values()]
            done, _ = wait(pending, return_when=FIRST_EXCEPTION)
            for each in done:
                each.result()
        finally:
            pool.shutdown(cancel_futures=True)
            self._content.close()
        for put, each in zip(wanted.values(), pending, strict=True):
            told[each.result()] += 1
            told[f"{each.result()} bytes"] += put.entry.size
        return told

    def _put(self, planned: Planned, there: dict[str, Listed], known: Known) -> str:
        """Put one file, in place of what is not it; tells how it came there."""
        if self._clock() > self._until:
            raise StepErrored(
                f"{self._site.name}: {self._name} is not there within {self._site.transfer_timeout:g} s, "
                "expected it to be; raise `transfer_timeout`, or try again: what is there is not sent again"
            )
        (entry, key, headers), listed = planned, there.get(planned.key)
        if listed and self._bucket.holds(key, entry.sha256, headers):
            return "kept"
        if entry.sha256 in known.copies:
            source, etag = known.copies[entry.sha256]
            if self._bucket.copy(source, etag, key, entry.sha256, headers):
                return "copied"
        with self._content.body(entry) as body:
            if not self._bucket.put(
                key, body, headers, listed.etag if listed else None
            ) and not self._bucket.holds(key, entry.sha256, headers):
                raise StepErrored(
                    f"{self._site.name}: {key} was put there by others meanwhile, with other content, "
                    "expected nobody else to write there; see who does, then try again"
                )
        return "sent"

    def _seal(self, place: Place, planned: Iterable[Planned], over: str | None) -> None:
        """Write the manifest, after one look at whether all is there: from then on the release exists.

        It takes the place of the one that has the ETag `over`, where there is one.
        """
        there, sizes = place.listing(), _sizes(planned)
        lacks = {key for key, size in sizes.items() if key not in there or there[key].size != size}
        if wrong := lacks | place.strays(there, sizes):
            key = min(wrong)
            raise StepErrored(
                f"{self._site.name}: {key!r} of {self._name} has "
                f"{there[key].size if key in there else 'no'} bytes there, "
                f"expected {sizes.get(key, 'no such file')}; see who else writes there, then try again"
            )
        seal = Seal(
            release=self._name,
            digest=self._artifact.digest,
            layout=place.layout,
            files=tuple(_sealed(each, there[each.key], place.layout) for each in planned),
            fence=self._pointer.token,
            by=self._by,
        )
        if not self._bucket.write(manifest_key(self._name), canonical(seal), over):
            written = read_seal(self._bucket, self._name)
            if written is None or written.digest != seal.digest or written.problem(there):
                raise contended(self._bucket, self._name)

    def _told(self, done: Counter[str]) -> str:
        parts = [f"{count(done['sent'], 'file')} sent ({done['sent bytes'] / 1e6:.1f} MB)"]
        if done["copied"]:
            parts.append(f"{done['copied']} copied in the bucket")
        if done["kept"]:
            parts.append(f"{done['kept']} were there")
        return f"{', '.join(parts)}, every checksum compared by the server"


def _sizes(planned: Iterable[Planned]) -> dict[str, int]:
    return {each.key: each.entry.size for each in planned}


def _sealed(planned: Planned, listed: Listed, layout: Layout) -> Sealed:
    entry, key, headers = planned
    return Sealed(
        path=entry.path,
        size=entry.size,
        sha256=entry.sha256,
        etag=listed.etag,
        content_type=headers["ContentType"],
        cache_control=headers.get("CacheControl"),
        key=key if layout == "shared" else None,
    )
