"""The live value: moved by one write together with the note on it, by who has the largest number.

The Parameter Store has no conditional write but one: that of a name that is not there yet. So numbers are
names, which nobody can write over. A value can be written over at any time; whether that happened is seen by
its version, and what a larger number had written is put back.
"""

from __future__ import annotations

from typing import NamedTuple

from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.targets.parameter.layout import (
    FENCES,
    NUMBER,
    ORIGIN,
    PLAIN,
    Entry,
    Note,
    read_note,
)
from sendoff.targets.parameter.shelf import TRIES, Shelf
from sendoff.targets.protocol import Outcome


class Seen(NamedTuple):
    """The live value with its note, either of which may lack, and the numbers it was changed under."""

    entry: Entry | None
    note: Note | None
    fences: tuple[int, ...]

    @property
    def live(self) -> str | None:
        """Name the live release."""
        return self.note.release if self.note else None

    @property
    def fence(self) -> int:
        """Give the largest number."""
        return max([*self.fences, self.note.fence if self.note else 0])


class Pointer:
    """The live value in its store. `token`: the number of the lease that it is changed under."""

    def __init__(self, shelf: Shelf, by: str, token: int) -> None:
        self._shelf, self._by, self.token = shelf, by, token

    def read(self) -> Seen:
        """Read it; the numbers first, so that who wrote what is read next had left theirs."""
        fences = self._fences()
        entry = self._shelf.read()
        return Seen(entry, read_note(Note, entry), fences)

    def hold(self, doing: str) -> Seen:
        """Leave our number there, so that who comes with a smaller one is refused; Fenced when that is us."""
        if self.token <= 0:
            raise StepErrored(
                f"{self._shelf.name}: {doing} was given no number, expected that of a lease; start again"
            )
        seen = self._let_in(doing)
        if self.token not in seen.fences:
            self._shelf.put_new(f"{FENCES}/{self.token}", self._by)
            seen = self._let_in(doing)
        for number in seen.fences:
            if number < self.token:
                self._shelf.delete(f"{FENCES}/{number}")
        return seen

    def move(self, release: str, value: str) -> Outcome:
        """Put the value of a release there; what is so already is not written again."""
        doing, told, changed = f"switching to {release}", "", False
        for _ in range(TRIES):
            seen = self.hold(doing)
            if seen.entry and seen.note and (seen.note.release, seen.entry.value) == (release, value):
                said = f", before: {seen.note.before or 'none'}{told}" if changed else " already"
                return Outcome(changed=changed, said=f"{release} is live{said}")
            self._see_plain(seen.entry)
            has_origin = seen.note.origin if seen.note else self._remember(seen.entry)
            before = seen.live if seen.live != release else seen.note.before if seen.note else None
            note = Note(release=release, before=before, fence=self.token, by=self._by, origin=has_origin)
            told, changed = self._write(seen, value, canonical(note).decode()) or told, True
        raise self._contended(doing)

    def leave(self) -> Outcome:
        """Put back what was there before Sendoff: another value, or none at all."""
        doing, before = "switching to none", ""
        for _ in range(TRIES):
            seen = self.hold(doing)
            if seen.note is None:
                said = f"none is live, before: {before}" if before else "none is live already"
                return Outcome(changed=bool(before), said=said)
            before = seen.note.release
            if not seen.note.origin:
                self._shelf.delete()
            elif origin := self._shelf.read(ORIGIN):
                self._write(seen, origin.value, origin.note)
            else:
                raise PolicyRefused(
                    f"{self._shelf.name}: {doing} was refused: the value from before Sendoff is gone, "
                    f"expected it below the parameter as {ORIGIN!r}; put it there again, or another "
                    "release live"
                )
        raise self._contended(doing)

    def _let_in(self, doing: str) -> Seen:
        seen = self.read()
        if seen.fence > self.token:
            raise self._fenced(doing, seen.fence)
        return seen

    def _write(self, seen: Seen, value: str, note: str) -> str:
        """Write the value; tells of what others wrote meanwhile, if they did."""
        if seen.entry is None:
            if self._shelf.put_new("", value, note) and self._overtaken():
                self._shelf.delete()
            return ""
        version = seen.entry.version
        written = self._shelf.put("", value, note)
        if written == version + 1:
            return ""
        if self._overtaken():
            self._put_back(version, written, (value, note))
        elif self._between(version, written, (value, note)):
            return "; what others wrote meanwhile was written over"
        return ""

    def _put_back(self, version: int, written: int, mine: tuple[str, str]) -> None:
        """Take our write back, as who has a larger number had written or removed the value before it came."""
        if written <= version:
            self._shelf.delete()
            return
        for _ in range(TRIES):
            between = self._between(version, written, mine)
            if not between:
                break
            mine = (between[-1].value, between[-1].note)
            version, written = written, self._shelf.put("", *mine)

    def _between(self, version: int, written: int, mine: tuple[str, str]) -> list[Entry]:
        """List what others wrote between two versions; our own may be there twice."""
        found = self._shelf.since(version)
        return [each for each in found if each.version < written and (each.value, each.note) != mine]

    def _overtaken(self) -> bool:
        return max(self._fences(), default=0) > self.token

    def _fences(self) -> tuple[int, ...]:
        return tuple(sorted(int(each) for each in self._shelf.below(FENCES) if NUMBER.fullmatch(each)))

    def _remember(self, entry: Entry | None) -> bool:
        """Keep what was there before Sendoff; tells whether there was anything."""
        if entry is None:
            return False
        kept = self._shelf.read(ORIGIN)
        if kept is None or (kept.value, kept.note) != (entry.value, entry.note):
            self._shelf.put(ORIGIN, entry.value, entry.note)
        return True

    def _see_plain(self, entry: Entry | None) -> None:
        if wrong := unfit(entry):
            raise PolicyRefused(f"{self._shelf.name}: {wrong}")

    def _fenced(self, doing: str, number: int) -> Fenced:
        return Fenced(
            f"{self._shelf.name}: {doing} was refused: it has seen number {number}, which is larger than ours"
        )

    def _contended(self, doing: str) -> StepErrored:
        return StepErrored(
            f"{self._shelf.name}: {doing} failed, as the parameter was changed by others {TRIES} times "
            "meanwhile, expected nobody else to write it; see who does, then try again"
        )


def unfit(entry: Entry | None) -> str | None:
    """Say why a parameter cannot be written over by a plain value; None when it can."""
    if entry is None or entry.kind == PLAIN:
        return None
    return (
        f"the parameter is a {entry.kind[0]} ({entry.kind[1]}), expected a String (text), as what is live is "
        "no secret; name another one in the release file"
    )
