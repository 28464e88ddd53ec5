"""A hosted configuration of AWS AppConfig: a version for each release, of which the one deployed is live."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import Configuration
from sendoff.store import ArtifactStore
from sendoff.targets.configuration.layout import LARGEST, LONGEST, Note, Standing
from sendoff.targets.configuration.rollout import Rollout
from sendoff.targets.configuration.service import Service
from sendoff.targets.content import Content
from sendoff.targets.one_host import OneHost, RunsNothing
from sendoff.targets.protocol import HostFacts, Outcome
from sendoff.targets.reckoning import surplus

ENDLESS = 1 << 60  # bytes; AppConfig limits the size of one version only
TRIES = 8


class HostedConfiguration(RunsNothing):
    """The protocol HostTarget over AppConfig. Its one host is called as the target."""

    because = "a configuration has no host, expected no commands for it; check over HTTP who reads it"

    def __init__(self, target: Configuration, service: Service, rollout: Rollout, *, by: str = "-") -> None:
        self.name = target.name
        self._target, self._service, self._rollout, self._by = target, service, rollout, by
        self._is_well = False

    def facts(self) -> HostFacts:
        """Read what is true now; changes nothing."""
        standing = self._service.standing()
        return HostFacts(
            host=self.name,
            live=standing.release(standing.served),
            releases=tuple(_names(standing)),
            free_bytes=ENDLESS,
            clock_skew=0.0,
            writable=True,
            missing_tools=(),
            obstacle=self._obstacle() if self._rollout.token else None,
            fence=standing.fence,
            notes=self._notes(standing),
        )

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Put the release there as a version, which nobody is brought."""
        release, changed, mended = artifact.release_name, False, ""
        content = self._content(artifact, store)
        for _ in range(TRIES):
            standing = self._rollout.hold(f"deploying {release}")
            numbers = standing.numbers(release)
            if numbers and self._service.content(numbers[0]) == (content, self._target.content_type):
                said = f"is version {numbers[0]}{mended}" if changed else f"is version {numbers[0]} already"
                return Outcome(changed=changed, said=f"{release} {said}")
            if numbers:
                self._see_dark(standing, [release], f"writing {release} anew")
                self._take_away(numbers)
                mended = "; what was there had other content"
            note = Note(release=release, digest=artifact.digest, fence=self._rollout.token, by=self._by)
            latest = max((each.number for each in standing.versions if each.number not in numbers), default=0)
            self._service.create(release, content, note, latest)
            changed = True
        raise StepErrored(
            f"{self.name}: deploying {release} failed, as others wrote versions {TRIES} times meanwhile, "
            "expected nobody else to; see who does, then try again"
        )

    def switch(self, release: str | None) -> Outcome:
        """Make a release live by a deployment, or what was there before Sendoff; waits until that is so."""
        return self._rollout.bring(release)

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses the live one."""
        gone = self._remove(self._rollout.hold(f"removing {release}"), [release])
        return Outcome(changed=bool(gone), said=f"removed {release}" if gone else "gone already")

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never the live one nor those to spare."""
        standing = self._rollout.hold("tidying up")
        gone = self._remove(standing, surplus(self.facts(), keep, spare))
        return Outcome(changed=bool(gone), said=f"removed {', '.join(gone)}" if gone else "nothing to remove")

    def close(self) -> None:
        """Leave the connection to who opened it."""

    def _content(self, artifact: Artifact, store: ArtifactStore) -> bytes:
        """Read the configuration out of the release; PolicyRefused when it is none."""
        path, release = self._target.content, artifact.release_name
        if len(release) > LONGEST:
            raise PolicyRefused(
                f"{self.name}: {release!r} is too long for the label of a version, expected at most "
                f"{LONGEST} characters; give the version a shorter name"
            )
        files = {each.path: each for each in store.manifest(artifact.digest).entries if each.kind == "file"}
        if path not in files or files[path].size > LARGEST:
            what = "is too large" if path in files else "is not there"
            raise PolicyRefused(
                f"{self.name}: {path!r} of {release} {what}, expected a file of at most {LARGEST >> 20} MiB; "
                "have the build command make it, or correct `content` in the release file"
            )
        tree = Content(store, artifact.digest)
        try:
            with tree.body(files[path]) as body:
                content = body.file.read()
        finally:
            tree.close()
        self._see_json(content, release)
        return content

    def _see_json(self, content: bytes, release: str) -> None:
        if "json" not in self._target.content_type:
            return
        try:
            json.loads(content)
        except ValueError as error:
            raise PolicyRefused(
                f"{self.name}: {self._target.content!r} of {release} is no JSON ({error}), expected it as "
                f"`content_type` is {self._target.content_type}; correct one of them"
            ) from None

    def _obstacle(self) -> str | None:
        """Say what stands in the way of changes; what was found to be well is not looked at again."""
        try:
            wrong = None if self._is_well else self._unfit()
        except PolicyRefused as error:
            return str(error).removeprefix(f"{self.name} ")
        self._is_well = wrong is None
        return wrong

    def _unfit(self) -> str | None:
        if wrong := self._service.connection.obstacle() or self._service.unfit():
            return wrong
        if self._service.may_deploy():
            return None
        return (
            "its server deploys a version that is not there, expected it to refuse that; stop that "
            "deployment, and use a server that does"
        )

    def _notes(self, standing: Standing) -> tuple[str, ...]:
        elsewhere, under_way, served = self._service.connection.elsewhere, standing.under_way, standing.served
        return (
            *((f"it is at {elsewhere}, not at AWS",) if elsewhere else ()),
            *(
                (f"deployment {under_way.number} is under way: {under_way.state}, {under_way.percent:g} %",)
                if under_way
                else ()
            ),
            *(
                (f"version {served.version} is live, which is no release of Sendoff's",)
                if served and not standing.release(served)
                else ()
            ),
        )

    def _see_dark(self, standing: Standing, releases: Iterable[str], doing: str) -> None:
        """Refuse to touch what readers have, or are being brought."""
        taken = {standing.release(each) for each in (standing.settled, standing.served, standing.under_way)}
        if found := sorted(taken & {*releases}, key=str):
            raise PolicyRefused(
                f"{self.name}: {doing} was refused: {found[0]} is live, or on its way, expected a dark one; "
                "put another release live first"
            )

    def _remove(self, standing: Standing, releases: Sequence[str]) -> list[str]:
        self._see_dark(standing, releases, f"removing {', '.join(releases)}")
        return [each for each in releases if self._take_away(standing.numbers(each))]

    def _take_away(self, numbers: Iterable[int]) -> bool:
        return bool(sum(self._service.delete(number) for number in numbers))


def _names(standing: Standing) -> Iterable[str]:
    """Name the releases, oldest first, each once."""
    return dict.fromkeys(each.release for each in standing.versions if each.release)


def open_target(
    target: Configuration, access: Access, by: str, token: int = 0
) -> OneHost[HostedConfiguration]:
    """Prepare the connection to a configuration; `token`: the number of the lease, 0 only looks at it."""
    service = Service(target, access)
    rollout = Rollout(target, service, by, token)
    return OneHost(HostedConfiguration(target, service, rollout, by=by), service.connection.close)
