"""A static site in S3: releases under prefixes, the live one behind a pointer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import Access, BucketAddress
from sendoff.objects.s3.faults import AccessRefused
from sendoff.report.words import count
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.aws import caller, obstacle
from sendoff.targets.one_host import OneHost, RunsNothing
from sendoff.targets.protocol import HostFacts, Outcome
from sendoff.targets.reckoning import surplus
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import RELEASE, RELEASES, folder, manifest_key
from sendoff.targets.s3_site.place import problem_of
from sendoff.targets.s3_site.pointer import PointerFile, Seen
from sendoff.targets.s3_site.seals import contended, releases, renew, retire
from sendoff.targets.s3_site.sweeping import sweep
from sendoff.targets.s3_site.transfer import Transfer

ENDLESS = 1 << 60  # bytes; a bucket has no limit that it could be asked for


class S3Site(RunsNothing):
    """The protocol HostTarget over a bucket. Its one host is called as the target."""

    because = "a static site has no host, expected no commands for it; check it over HTTP"

    def __init__(
        self,
        site: StaticSite,
        bucket: SiteBucket,
        *,
        by: str = "-",
        token: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = site.name
        self._site, self._bucket, self._by = site, bucket, by
        self._pointer = PointerFile(bucket, by, token, clock)
        self._minds_conditions: bool | None = None

    def facts(self) -> HostFacts:
        """Read what is true now; changes nothing. Whoever holds a number is told whether it may write."""
        seen = self._pointer.read()
        elsewhere = self._bucket.elsewhere
        return HostFacts(
            host=self.name,
            live=seen.pointer.release,
            releases=releases(self._bucket),
            free_bytes=ENDLESS,
            clock_skew=seen.skew,
            writable=True,
            missing_tools=(),
            obstacle=self._obstacle() if self._pointer.token else None,
            fence=seen.pointer.fence,
            notes=(f"it is at {elsewhere}, not at AWS",) if elsewhere else (),
        )

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Put the release there dark: every checksum compared by the server, sealed by its manifest."""
        return Transfer(self._bucket, self._pointer, self._site, self._by, artifact, store).carry_out()

    def switch(self, release: str | None) -> Outcome:
        """Make a release live, or none, by one conditional write of the pointer."""
        seen = self._pointer.hold(f"switching to {release or 'none'}")
        if release is not None and seen.pointer.release != release:
            self._see_whole(release)
        return self._pointer.move(release)

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses the live one."""
        doing = f"removing {release}"
        return self._remove(self._pointer.hold(doing), [release], doing, "gone already")

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never the live one nor those to spare.

        What a process has left that died while it deployed goes as well.
        """
        doing = "tidying up"
        seen, facts = self._pointer.hold(doing), self.facts()
        known = {*facts.releases, *spare, facts.live}
        left = [each for each in self._bucket.folders(RELEASES) if RELEASE.fullmatch(each)]
        going = [*surplus(facts, keep, spare), *(each for each in left if each not in known)]
        return self._remove(seen, going, doing, "nothing to remove")

    def close(self) -> None:
        """Leave the connection to who opened it."""

    def _obstacle(self) -> str | None:
        """Say what stands in the way of changes; what was found to be well is not looked at again."""
        try:
            if self._minds_conditions is None:
                if wrong := self._wrong_account():
                    return wrong
                self._minds_conditions = self._bucket.minds_conditions()
        except AccessRefused as error:
            return str(error).removeprefix(f"{self.name} ")
        if self._minds_conditions:
            return None
        return (
            "its server writes although a condition does not hold, expected If-Match to count; use one that "
            "minds it: without that, two who release at once are not kept apart"
        )

    def _wrong_account(self) -> str | None:
        """Say what is wrong with who asks, or with whose bucket it is, where an account is named."""
        wanted, bucket = self._site.account, self._bucket
        if wanted is None:
            return None
        region = bucket.region
        wrong = obstacle(wanted, region, bucket.elsewhere, lambda: caller(self.name, bucket.access, region))
        if wrong or bucket.belongs_to(wanted):
            return wrong
        return f"the bucket is not one of account {wanted}, or hidden from us; correct `bucket` or `account`"

    def _see_whole(self, release: str) -> None:
        """Refuse to make live what is not there, or not as it was sealed."""
        seal = renew(self._bucket, release, self._pointer.token)
        problem = problem_of(self._bucket, seal) if seal else "it has no manifest"
        if problem:
            raise PolicyRefused(
                f"{self.name}: {release} is not whole ({problem}), expected a release that was deployed; "
                "deploy it first"
            )

    def _remove(self, seen: Seen, going: Sequence[str], doing: str, otherwise: str) -> Outcome:
        """Take releases away, and then the shared files that no other one names."""
        if seen.pointer.release in going:
            raise PolicyRefused(
                f"{self.name}: removing {seen.pointer.release} was refused: it is live, expected a dark one; "
                "put another release live first"
            )
        gone = [each for each in going if self._take_away(each, doing)]
        swept = sweep(self._bucket, self._pointer, doing)
        if swept.files:
            gone.append(count(swept.files, "shared file"))
        kept = (
            f"; shared files stay, as the manifest of {swept.unread} cannot be read" if swept.unread else ""
        )
        return Outcome(changed=bool(gone), said=(f"removed {', '.join(gone)}" if gone else otherwise) + kept)

    def _take_away(self, release: str, doing: str) -> bool:
        """Remove the manifest first, so that the release is gone before any of its files is.

        It is read before the pointer is looked at: who overtakes us after that finds it, or changes it.
        """
        found = self._bucket.read(manifest_key(release))
        if has_seal := bool(found.content):
            self._pointer.hold(doing)
            if not retire(self._bucket, release, found):
                self._pointer.hold(doing)
                raise contended(self._bucket, release)
        files = self._bucket.listing(folder(release))
        if files:
            self._pointer.hold(doing)
            self._bucket.delete(files)
        return has_seal or bool(files)


def open_target(site: StaticSite, access: Access, by: str, token: int = 0) -> OneHost[S3Site]:
    """Prepare the connection to a site; `token`: the number of the lease, with 0 it can only be looked at."""
    address = BucketAddress(name=site.bucket, prefix=site.prefix, endpoint=site.endpoint, region=site.region)
    bucket = SiteBucket(site.name, address, access)
    return OneHost(S3Site(site, bucket, by=by, token=token), bucket.close)
