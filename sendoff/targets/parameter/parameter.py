"""A value in the SSM Parameter Store: one for each release below it, of which it shows the live one."""

from __future__ import annotations

from collections.abc import Sequence

from sendoff.artifact.manifest import Artifact, version_of
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.faults import AccessRefused
from sendoff.spec.cloud import Parameter
from sendoff.spec.placeholders import fill
from sendoff.store import ArtifactStore
from sendoff.targets.one_host import OneHost, RunsNothing
from sendoff.targets.parameter.layout import FENCES, LARGEST, RELEASE, RELEASES, Held, read_note
from sendoff.targets.parameter.pointer import Pointer, Seen, unfit
from sendoff.targets.parameter.shelf import TRIES, Shelf
from sendoff.targets.protocol import HostFacts, Outcome
from sendoff.targets.reckoning import surplus

ENDLESS = 1 << 60  # bytes; nothing but values is kept


class ParameterValue(RunsNothing):
    """The protocol HostTarget over a parameter. Its one host is called as the target."""

    because = "a parameter has no host, expected no commands for it; check over HTTP who reads it"

    def __init__(self, target: Parameter, shelf: Shelf, *, by: str = "-", token: int = 0) -> None:
        self.name = target.name
        self._target, self._shelf = target, shelf
        self._pointer = Pointer(shelf, by, token)

    def facts(self) -> HostFacts:
        """Read what is true now; changes nothing. Whoever holds a number is told whether it may write."""
        seen, releases = self._pointer.read(), self._releases()
        return HostFacts(
            host=self.name,
            live=seen.live,
            releases=releases,
            free_bytes=ENDLESS,
            clock_skew=0.0,
            writable=True,
            missing_tools=(),
            obstacle=self._obstacle(seen) if self._pointer.token else None,
            fence=seen.fence,
            notes=self._notes(seen),
        )

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Put the release's value beside the live one, where nobody reads it."""
        release, changed, mended = artifact.release_name, False, ""
        value = self._value(release)
        note = canonical(Held(release=release, digest=artifact.digest)).decode()
        place = f"{RELEASES}/{release}"
        for _ in range(TRIES):
            seen = self._pointer.hold(f"deploying {release}")
            found = self._shelf.read(place)
            if found and (found.value, found.note) == (value, note):
                said = f"is there{mended}" if changed else "is there already"
                return Outcome(changed=changed, said=f"{release} {said}")
            if found and seen.live == release:
                raise PolicyRefused(
                    f"{self.name}: {release} is live and no longer what was put there, expected its value "
                    "and digest as this release file has them; put another release live first"
                )
            changed = True
            if found:
                mended = "; what was there was another value"
                self._shelf.put(place, value, note)
            else:
                self._shelf.put_new(place, value, note)
        raise StepErrored(
            f"{self.name}: deploying {release} failed, as its value was changed by others {TRIES} times "
            "meanwhile, expected nobody else to write it; see who does, then try again"
        )

    def switch(self, release: str | None) -> Outcome:
        """Make a release live by one write, or put back what was there before Sendoff."""
        if release is None:
            return self._pointer.leave()
        self._pointer.hold(f"switching to {release}")
        found = self._shelf.read(f"{RELEASES}/{release}")
        held = read_note(Held, found)
        if found is None or held is None or held.release != release:
            raise PolicyRefused(
                f"{self.name}: {release} is not there, or was not put there by Sendoff, expected a release "
                "that was deployed; deploy it first"
            )
        return self._pointer.move(release, found.value)

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses the live one."""
        seen = self._pointer.hold(f"removing {release}")
        gone = self._remove(seen, [release])
        return Outcome(changed=bool(gone), said=f"removed {release}" if gone else "gone already")

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never the live one nor those to spare."""
        seen = self._pointer.hold("tidying up")
        gone = self._remove(seen, surplus(self.facts(), keep, spare))
        return Outcome(changed=bool(gone), said=f"removed {', '.join(gone)}" if gone else "nothing to remove")

    def close(self) -> None:
        """Leave the connection to who opened it."""

    def _releases(self) -> tuple[str, ...]:
        listed = self._shelf.below(RELEASES)
        names = (name for name in listed if RELEASE.fullmatch(name))
        return tuple(sorted(names, key=lambda name: (listed[name].modified, name)))

    def _value(self, release: str) -> str:
        """Fill in the value; PolicyRefused when it, or the release's name, is none for the store."""
        if not RELEASE.fullmatch(release):
            raise PolicyRefused(
                f"{self.name}: {release!r} cannot be the name of a parameter, expected letters, digits and "
                ". _ - only; give the version another name"
            )
        value = fill(self._target.value, {"version": version_of(release), "release": release})
        if len(value.encode()) > LARGEST or "{{" in value:
            raise PolicyRefused(
                f"{self.name}: the value for {release} is too long, or has '{{{{' in it, expected at most "
                f"{LARGEST} bytes, and no reference to other parameters; correct `value` in the release file"
            )
        return value

    def _obstacle(self, seen: Seen) -> str | None:
        """Say what stands in the way of changes.

        Whether we may write is found out by writing what is there, as if it were not, which is refused.
        """
        try:
            if wrong := self._shelf.connection.obstacle() or unfit(seen.entry):
                return wrong
            if seen.entry:
                self._shelf.put_new("", seen.entry.value, seen.entry.note)
            if seen.fences:
                self._shelf.put_new(f"{FENCES}/{seen.fences[-1]}", "-")
        except AccessRefused as error:
            return str(error).removeprefix(f"{self.name} ")
        return None

    def _notes(self, seen: Seen) -> tuple[str, ...]:
        elsewhere = self._shelf.connection.elsewhere
        held = self._shelf.read(f"{RELEASES}/{seen.live}") if seen.live else None
        return (
            *((f"it is at {elsewhere}, not at AWS",) if elsewhere else ()),
            *(
                (f"its value is not that of {seen.live}: somebody else has changed it",)
                if held and seen.entry and held.value != seen.entry.value
                else ()
            ),
        )

    def _remove(self, seen: Seen, releases: Sequence[str]) -> list[str]:
        if seen.live in releases:
            raise PolicyRefused(
                f"{self.name}: removing {seen.live} was refused: it is live, expected a dark one; put "
                "another release live first"
            )
        return [each for each in releases if self._shelf.delete(f"{RELEASES}/{each}")]


def open_target(target: Parameter, access: Access, by: str, token: int = 0) -> OneHost[ParameterValue]:
    """Prepare the connection to a parameter; `token`: the number of the lease, 0 only looks at it."""
    shelf = Shelf(target, access)
    return OneHost(ParameterValue(target, shelf, by=by, token=token), shelf.connection.close)
