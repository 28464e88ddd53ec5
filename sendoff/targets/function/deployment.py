"""Bringing a release to a function: the newest code is replaced, then a version is made of it."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.function.api import FunctionApi
from sendoff.targets.function.layout import Seal, Version, Versions, description
from sendoff.targets.function.package import Package, files_of, package
from sendoff.targets.function.pointer import TRIES, Held, Pointer
from sendoff.targets.protocol import Outcome


class Deployment:
    """One release on its way to one function. Each pass looks at all, and does the one thing that lacks."""

    def __init__(self, api: FunctionApi, pointer: Pointer, artifact: Artifact, store: ArtifactStore) -> None:
        self._api, self._pointer = api, pointer
        self._artifact, self._store, self._name = artifact, store, artifact.release_name
        self._files = files_of(api.name, self._name, store.manifest(artifact.digest))
        self._packed: Package | None = None
        self._has_sent = False

    def carry_out(self) -> Outcome:
        """Publish the release, once; no answer to a change is believed: what is there is looked at again."""
        for tries in range(TRIES):
            held = self._pointer.hold(f"deploying {self._name}")
            found = Versions(self._api.alias, self._api.versions()).of(self._name)
            whole = [each for each in found if self._is_right(each)]
            if whole:
                return self._ready(whole[0], has_changed=tries > 0)
            if found:
                self._clear(found, held)
            else:
                self._go_on()
        raise StepErrored(
            f"{self._api.name}: deploying {self._name} failed, as the function was changed by others {TRIES} "
            "times meanwhile, expected nobody else to change it; see who does, then try again"
        )

    def _is_right(self, version: Version) -> bool:
        return version.is_whole and version.seal is not None and version.seal.digest == self._artifact.digest

    def _ready(self, version: Version, *, has_changed: bool) -> Outcome:
        """See that a version can be invoked."""
        if failed := self._api.settled(version.number).failed:
            raise StepErrored(
                f"{self._api.where}: version {version.number} of {self._name} cannot be used ({failed}), "
                "expected it to become active; see to the function, then try again"
            )
        if not has_changed:
            said = f"{self._name} is there already, as version {version.number}"
        else:
            said = f"{self._name} is there, as version {version.number}, its SHA-256 worked out by Lambda"
        return Outcome(changed=has_changed, said=said)

    def _go_on(self) -> None:
        """Send the code, or when it is there, make a version of it."""
        code, newest = self._code(), self._api.settled()
        if newest.sha256 == code.sha256 and newest.failed is None:
            seal = Seal(
                release=self._name, alias=self._api.alias, digest=self._artifact.digest, code=code.sha256
            )
            self._api.publish(code.sha256, newest.revision, description(self._api.where, seal))
            return
        if newest.failed and self._has_sent:
            raise StepErrored(
                f"{self._api.where}: the code of {self._name} did not become ready ({newest.failed}), "
                "expected it to; see to the function's role, layers and network, then try again"
            )
        self._has_sent = self._api.update_code(code, newest.revision) or self._has_sent

    def _code(self) -> Package:
        if self._packed is None:
            with self._api.connection.asking(f"packing {self._name}"):
                self._packed = package(
                    self._api.name, self._api.alias, self._artifact, self._files, self._store
                )
        return self._packed

    def _clear(self, found: list[Version], held: Held) -> None:
        """Take away versions that say they are this release, and have other code."""
        for each in found:
            if each.number in (held.version, *held.weights) or not self._api.delete(each.number):
                raise PolicyRefused(
                    f"{self._api.name}: version {each.number} says it is {self._name}, has other code, and "
                    "has traffic, expected the code of this release; put another release live first"
                )
