"""Bringing a release to a host: the host says what it has, we send what it lacks, it checks everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from sendoff.artifact.manifest import Artifact, Manifest
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import Frozen
from sendoff.store import ArtifactStore
from sendoff.targets.protocol import Outcome
from sendoff.targets.ssh.lists import Heads, see_shared
from sendoff.targets.ssh.scripting import call, said, understood
from sendoff.targets.ssh.session import Session
from sendoff.targets.ssh.talk import Talk

WORTH = 0.8  # of the whole: a delta larger than this is not worth the linking


class Base(Frozen):
    """A release on a host that a new one may be built upon."""

    release: str
    digest: str


class Offer(Frozen):
    """What the host says before it takes anything in; bases in the order of preference, the best last."""

    is_sealed: bool = False
    damaged: str | None = None
    bases: tuple[Base, ...] = ()


class Transfer:
    """One release on its way to one host."""

    def __init__(
        self,
        session: Session,
        root: str,
        token: str,
        heads: Heads,
        artifact: Artifact,
        store: ArtifactStore,
    ) -> None:
        self._session, self._root, self._token, self._heads = session, root, token, heads
        self._artifact, self._store = artifact, store
        self._name = artifact.release_name
        self._manifest: Manifest = store.manifest(artifact.digest)
        see_shared(session.name, self._manifest, heads.shared)

    def carry_out(self, timeout: float) -> Outcome:
        """Send a delta if the host holds a base for one, else all; a delta that does not fit becomes all."""
        try:
            return self._attempt(timeout, full=False)
        except _DeltaFailed as failure:
            outcome = self._attempt(timeout, full=True)
            return Outcome(changed=True, said=f"{outcome.said}; a delta did not do: {failure}")

    def _attempt(self, timeout: float, full: bool) -> Outcome:
        argv = call("deploy", self._root, self._token, self._name, self._artifact.digest)
        with self._session.talk(argv, timeout) as talk:
            offer = _offer(talk)
            if offer is None or offer.is_sealed:
                understood(self._session.name, self._doing, talk.result())
                if offer is None:
                    raise StepErrored(f"{self._session.name}: {self._doing} ended before it began; try again")
                return Outcome(changed=False, said=f"{self._name} is there already, sealed and intact")
            base = None if full else self._base(offer)
            with self._stream(base) as (head, tar, told):
                talk.send(head)
                talk.send(tar)
            try:
                understood(self._session.name, self._doing, talk.result())
            except PolicyRefused:
                raise
            except StepErrored as error:
                if base is not None and type(error) is StepErrored:
                    raise _DeltaFailed(f"{base.release} on the host is not what was sealed") from error
                raise
            mended = f"; what was there was damaged: {offer.damaged}" if offer.damaged else ""
            return Outcome(changed=True, said=f"{self._name} is there, {told}, every hash checked{mended}")

    @property
    def _doing(self) -> str:
        return f"deploying {self._name}"

    def _base(self, offer: Offer) -> Base | None:
        for base in reversed(offer.bases):
            if self._store.has_manifest(base.digest):
                delta = self._store.delta_file(self._artifact.digest, base.digest)
                return base if delta.size <= WORTH * delta.full_size else None
        return None

    @contextmanager
    def _stream(self, base: Base | None) -> Iterator[tuple[bytes, BinaryIO, str]]:
        digest = self._artifact.digest
        if base is None:
            with self._store.open_tree(digest) as tar:
                told = f"sent in full ({_size(self._artifact.size)})"
                yield b"full\n" + self._heads.full(digest, self._manifest), tar, told
            return
        delta = self._store.delta_file(digest, base.digest)
        head = self._heads.delta(digest, self._manifest, base.digest, self._store.manifest(base.digest))
        with delta.path.open("rb") as tar:
            told = f"{delta.changed} changed paths sent ({_size(delta.size)}), the rest is {base.release}'s"
            yield f"delta {base.release}\n".encode() + head, tar, told


class _DeltaFailed(Exception):
    """The base on the host was not what its manifest says, or could not be linked."""


def _offer(talk: Talk) -> Offer | None:
    """Read what the host has, up to `ready`; None when the script ended before."""
    offer = Offer()
    while (line := talk.line()) is not None:
        match said(line):
            case ("ready", _):
                return offer
            case ("same", _):
                return offer.model_copy(update={"is_sealed": True})
            case ("damaged", what):
                offer = offer.model_copy(update={"damaged": what})
            case ("base", rest):
                release, _, digest = rest.partition(" ")
                offer = offer.model_copy(
                    update={"bases": (*offer.bases, Base(release=release, digest=digest))}
                )
            case ("refused" | "failed" | "fenced", _):
                talk.note(line)
                return None
            case _:
                talk.note(line)
    return None


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} KB"
