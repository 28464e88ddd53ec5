"""Machinery that broke beyond its retries: what may be answered, what each answer does, and which counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sendoff.gates import same_person
from sendoff.model import Frozen
from sendoff.report.words import count, listing

Decision = Literal["retry", "leave out", "undo", "stop here"]
TRIES = 3  # of each step, before anybody is asked
HEADLINES = {
    "build": "{version} could not be built",
    "preflight": "{some} could not be looked at",
    "deploy": "{version} could not be put on {some}",
    "check-dark": "{version} could not be checked on {some} before it went live",
    "go-live": "{version} could not go live on {some}",
    "undo": "{some} could not be put back",
}


class Broken(Frozen):
    """One host on which it broke, and what was said of it; host and target are empty for the build."""

    target: str
    host: str
    said: str


class Trouble(Frozen):
    """What broke, and where the release stood by then. `place` is a step of the plan, such as go-live/2.

    `number`: how many times it broke there. `is_borne`: the limit of failures allows to leave the hosts out.
    `staged`, `live`: hosts that this run put the release on, and moved traffic on. `until`: how long people
    may take. `because`: why it was being undone when it broke.
    """

    place: str
    number: int
    version: str
    broken: tuple[Broken, ...]
    of: int
    is_borne: bool
    staged: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    otherwise: Decision
    until: datetime
    because: str = ""

    @property
    def stage(self) -> str:
        """Name what was being done."""
        return self.place.partition("/")[0]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Name the hosts on which it broke."""
        return tuple(each.host for each in self.broken if each.host)

    @property
    def headline(self) -> str:
        """Say what broke, in one line."""
        some = f"{len(self.hosts)} of {count(self.of, 'host')}"
        return HEADLINES[self.stage].format(version=self.version, some=some)

    @property
    def summary(self) -> str:
        """Say what broke, and on which hosts."""
        return f"{self.headline} ({listing(self.hosts)})" if self.hosts else self.headline

    @property
    def possible(self) -> tuple[Decision, ...]:
        """List what may be answered now."""
        return possible(self.stage, self.is_borne, bool(self.staged))


class Reply(Frozen):
    """What was answered, by whom and when; by nobody when the time was up."""

    decision: Decision
    who: str
    comment: str = ""
    at: datetime


class Verdict(Frozen):
    """Whether an answer counts, and what is to be said of it."""

    counted: bool
    said: str


def possible(stage: str, is_borne: bool, is_staged: bool) -> tuple[Decision, ...]:
    """List the answers there are: nothing is left out of a build, and what did not begin is not undone."""
    found: list[Decision] = ["retry"]
    if is_borne and stage not in ("build", "undo"):
        found.append("leave out")
    if stage == "go-live" or (is_staged and stage not in ("build", "undo")):
        found.append("undo")
    return (*found, "stop here")


def fallback(wanted: Decision, allowed: Collection[Decision]) -> Decision:
    """Choose what is done when nobody answers: what is wanted, or else what changes least for customers."""
    if wanted in allowed:
        return wanted
    return "undo" if "undo" in allowed and wanted != "stop here" else "stop here"


def is_borne(broken: Sequence[str], left_out: Sequence[str], limits: Mapping[str, int]) -> bool:
    """Tell whether as many hosts may fail; hosts are given by the names of their targets."""
    return bool(broken) and all(
        [*broken, *left_out].count(target) <= limits.get(target, 0) for target in {*broken}
    )


def judge(trouble: Trouble, answerers: Sequence[str], reply: Reply) -> Verdict:
    """Weigh an answer; one without a name is the clock's, and counts when the time is up."""
    objection = _objection(trouble, answerers, reply)
    return Verdict(counted=objection is None, said=objection or answered(reply))


def _objection(trouble: Trouble, answerers: Sequence[str], reply: Reply) -> str | None:
    name = reply.who.strip()
    if reply.decision not in trouble.possible:
        allowed = listing(map(repr, trouble.possible), last="or")
        return f"{reply.decision!r} cannot be done here, expected {allowed}; choose one of these"
    if not name:
        is_up = reply.at >= trouble.until and reply.decision == trouble.otherwise
        return None if is_up else "nobody is named, expected who answers; write your name"
    if answerers and not any(same_person(name, each) for each in answerers):
        return f"{name!r} may not answer: expected one of {', '.join(answerers)}; ask one of them"
    return None


def answered(reply: Reply) -> str:
    """Say who answered what, and why."""
    who = reply.who.strip()
    why = f": {reply.comment.strip()}" if reply.comment.strip() else ""
    return (
        f"{who} answered {reply.decision!r}{why}" if who else f"nobody answered, so {reply.decision!r} it is"
    )


def consequence(decision: Decision, trouble: Trouble) -> str:
    """Tell what an answer would do, without a full stop."""
    hosts = listing(trouble.hosts)
    match decision:
        case "retry":
            return _retried(trouble, hosts)
        case "leave out":
            back = f"what {hosts} had is live there again, where that can be reached; " * (
                trouble.stage == "go-live"
            )
            drift = "report and status show that as drift until a release reaches it again"
            return f"{back}the release goes on without {hosts}; {drift}"
        case "undo":
            return _undone(trouble)
        case "stop here":
            return f"nothing more is changed: {stands(trouble)}; the environment is free for another release"


def stands(trouble: Trouble) -> str:
    """Say where the release stands, as far as it is known."""
    if trouble.live:
        return f"{trouble.version} is live on {listing(trouble.live)}"
    if trouble.stage == "undo":
        return f"what {listing(trouble.hosts)} serves is not known"
    if trouble.staged:
        return f"{trouble.version} is on {listing(trouble.staged)} without traffic, nothing went live"
    return "nothing went live"


def _retried(trouble: Trouble, hosts: str) -> str:
    if trouble.stage == "build":
        return f"{trouble.version} is built again"
    others = "; the other hosts stay as they are meanwhile" if trouble.live else ""
    return f"it is tried again on {hosts}; you are asked again if it breaks again{others}"


def _undone(trouble: Trouble) -> str:
    if trouble.stage == "go-live":
        which = f": {listing(trouble.live)}" if trouble.live else ""
        return f"every host that serves {trouble.version} is put back to what was live before{which}"
    return f"{trouble.version} is removed from {listing(trouble.staged)}; nothing went live"
