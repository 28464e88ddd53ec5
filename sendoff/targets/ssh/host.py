"""One host of a fleet over SSH: releases in folders, the live one behind a link switched by rename."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.protocol import CommandResult, HostFacts, Outcome
from sendoff.targets.reckoning import skew, surplus
from sendoff.targets.ssh.lists import Heads
from sendoff.targets.ssh.scripting import call, said, script, understood
from sendoff.targets.ssh.session import Session
from sendoff.targets.ssh.transfer import Transfer

QUICK = 60.0  # seconds for the short scripts
FREE = re.compile(r"\s(\d+)\s+\d+\s+(-?\d+)\s+(\d+%|-)\s")


class SshHost:
    """The protocol HostTarget over SSH. `session` gives a connection that stands; `heads` is the fleet's."""

    def __init__(
        self,
        name: str,
        root: str,
        heads: Heads,
        session: Callable[[], Session],
        *,
        by: str = "-",
        token: int = 0,
        transfer_timeout: float = 600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._root, self._heads, self._session = root, heads, session
        self._by, self._token = by, str(token)
        self._transfer_timeout, self._clock = transfer_timeout, clock

    def facts(self) -> HostFacts:
        """Read what is true now, in one round trip; changes nothing."""
        session, asked = self._session(), self._clock()
        words = self._run(session, "reading facts", "facts", self._root)
        heard = self._clock()
        if ("end", "") not in words:
            raise StepErrored(f"{self.name}: did not say all facts, expected them to the end; see its shell")
        told = dict(words)
        return HostFacts(
            host=self.name,
            live=told.get("live") or None,
            releases=tuple(rest for verb, rest in words if verb == "release"),
            free_bytes=_free(self.name, told["free"]),
            clock_skew=skew(int(told["clock"]), asked, heard),
            writable=told["writable"] == "yes",
            missing_tools=tuple(told["missing"].split()),
            obstacle=told.get("obstacle") or None,
            fence=int(told.get("fence") or 0),
        )

    def deploy(self, artifact: Artifact, store: ArtifactStore) -> Outcome:
        """Put the release there dark: staged, every hash checked on the host, sealed by rename."""
        transfer = Transfer(self._session(), self._root, self._token, self._heads, artifact, store)
        return transfer.carry_out(self._transfer_timeout)

    def run(
        self,
        command: Sequence[str],
        release: str,
        timeout: float,
        env: Mapping[str, str],
        once: str = "",
        unless_live: str | None = None,
    ) -> CommandResult:
        """Run a command in the folder of a release; a code other than 0 is a result, not an error."""
        past = "" if unless_live is None else f"={unless_live}"
        words = (self._root, release, self._token, once, past, *command)
        argv = ("sh", "-c", script("fence", "run"), "sendoff", *words)
        with self._session().talk(argv, timeout, env) as talk:
            line = talk.line() or ""
            match said(line):
                case ("runs", _):
                    return talk.result()
                case ("ran", _):
                    return CommandResult(code=0, output="it had run before", seconds=0)
            talk.note(line)
            understood(self.name, f"running {' '.join(command)!r}", talk.result())
            raise StepErrored(f"{self.name}: running {' '.join(command)!r} did not start; see its shell")

    def switch(self, release: str | None) -> Outcome:
        """Make a release live, or none; there is never a moment without one in between."""
        words = self._run(
            self._session(),
            f"switching to {release or 'none'}",
            "switch",
            self._root,
            self._token,
            release or "",
            self._by,
        )
        if any(verb == "same" for verb, _ in words):
            return Outcome(
                changed=False, said=f"{release} is live already" if release else "none is live already"
            )
        before = dict(words).get("switched") or "none"
        return Outcome(changed=True, said=f"{release or 'none'} is live, before: {before}")

    def remove(self, release: str) -> Outcome:
        """Take a dark release away; refuses the live one."""
        return self._remove([release])

    def prune(self, keep: int, spare: frozenset[str]) -> Outcome:
        """Take the oldest away until `keep` are left, never the live one nor those to spare."""
        return self._remove(surplus(self.facts(), keep, spare))

    def close(self) -> None:
        """Leave the connection to the fleet, which gives it back when the release is over."""

    def _remove(self, releases: Sequence[str]) -> Outcome:
        if not releases:
            return Outcome(changed=False, said="nothing to remove")
        words = self._run(self._session(), "removing", "remove", self._root, self._token, *releases)
        gone = [rest for verb, rest in words if verb == "removed"]
        return Outcome(changed=bool(gone), said=f"removed {', '.join(gone)}" if gone else "gone already")

    def _run(self, session: Session, doing: str, name: str, *args: str) -> list[tuple[str, str]]:
        return understood(self.name, doing, session.run(call(name, *args), timeout=QUICK))


def _free(name: str, line: str) -> int:
    found = FREE.search(f" {line} ")
    if found is None:
        raise StepErrored(f"{name}: `df` said {line!r}, expected sizes; see df on the host")
    return max(int(found[2]), 0) * 1024
