"""The alias as the pointer to what is live: moved by one conditional write, together with who may move it."""

from __future__ import annotations

from typing import NamedTuple

from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.targets.function.api import FunctionApi
from sendoff.targets.function.layout import LATEST, Record, Seen, Versions, description
from sendoff.targets.protocol import Outcome

TRIES = 8
LONGEST_BY = 64  # characters of the name of a run


class Held(NamedTuple):
    """The alias with our number in its record, as it was read."""

    version: str
    weights: dict[str, int]
    record: Record
    revision: str


class Pointer:
    """An alias. `token`: the number of the lease that it is changed under."""

    def __init__(self, api: FunctionApi, by: str, token: int) -> None:
        self._api, self._by = api, by[:LONGEST_BY]
        self.token = token

    def hold(self, doing: str) -> Held:
        """Leave our number in it, so that who comes with a smaller one is refused; Fenced when that is us.

        A write of theirs that is under way fails afterwards, as the alias has another revision by then.
        """
        if self.token <= 0:
            raise StepErrored(
                f"{self._api.name}: {doing} was given no number, expected that of a lease; start again"
            )
        for _ in range(TRIES):
            seen = self._api.read_alias()
            if wrong := moving(seen):
                raise PolicyRefused(f"{self._api.name}: {doing} was refused: {wrong}")
            record = seen.record or self._first_record(seen)
            if record.fence > self.token:
                raise Fenced(
                    f"{self._api.name}: {doing} was refused: it has seen number {record.fence}, which is "
                    "larger than ours"
                )
            held = Held(seen.version, dict(seen.weights), record, seen.revision)
            if record.fence == self.token:
                return held
            self._api.describe_alias(held.revision, self._text(record))
        raise self._contended(doing)

    def move(self, release: str | None, version: str, versions: Versions) -> Outcome:
        """Point to a version, without weights; what is so already is not written again.

        Where it pointed to a version of somebody else, going back to none of ours is going back to that.
        """
        before = None
        doing = f"switching to {release or f'version {version}'}"
        named = release or f"version {version}, which is not Sendoff's,"

        def is_there(held: Held) -> bool:
            return (held.version, held.weights, held.record.release) == (version, {}, release)

        for _ in range(TRIES):
            held = self.hold(doing)
            if is_there(held):
                said = f", before: {before}" if before else " already"
                return Outcome(changed=bool(before), said=f"{named} is live{said}")
            ours = versions.release(held.version)
            before = before or ours or f"version {held.version}"
            origin = held.record.origin if ours or release is None else held.version
            moved = held.record.model_copy(update={"release": release, "origin": origin})
            self._write(Held(version, {}, moved, held.revision))
        raise self._contended(doing)

    def shift(self, release: str, version: str, weight: int) -> Outcome:
        """Give a version a part of the traffic, in per cent; the rest stays where the alias points."""
        doing = f"giving {release} {weight} % of the traffic"
        for tries in range(TRIES):
            held = self.hold(doing)
            if held.version == version:
                raise PolicyRefused(
                    f"{self._api.name}: {doing} was refused: it is live, expected another release beside it; "
                    "put another release live first"
                )
            if held.weights == {version: weight}:
                said = f"{release} has {weight} % of the traffic"
                return Outcome(changed=bool(tries), said=said if tries else f"{said} already")
            self._write(held._replace(weights={version: weight}))
        raise self._contended(doing)

    def _first_record(self, seen: Seen) -> Record:
        """Note where it pointed before Sendoff came; that is not known when somebody removed the record."""
        release = Versions(self._api.alias, self._api.versions()).release(seen.version)
        return Record(release=release, origin=None if release else seen.version)

    def _write(self, new: Held) -> None:
        """Try it; whether it counts is seen by reading it again."""
        self._api.write_alias(new.revision, self._text(new.record), new.version, new.weights)

    def _text(self, record: Record) -> str:
        signed = record.model_copy(update={"fence": self.token, "by": self._by})
        return description(self._api.where, signed)

    def _contended(self, doing: str) -> StepErrored:
        return StepErrored(
            f"{self._api.name}: {doing} failed, as the alias {self._api.alias!r} was changed by others "
            f"{TRIES} times meanwhile, expected nobody else to change it; see who does, then try again"
        )


def moving(seen: Seen) -> str | None:
    """Say what is wrong with an alias whose code changes under it; None when it points to a version."""
    if seen.version != LATEST:
        return None
    return (
        f"the alias points to {LATEST}, whose code each deploy changes, expected a published version; "
        "publish one and point the alias to it"
    )
