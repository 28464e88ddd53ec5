"""The events of one release, read into what a report needs; what has not happened is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sendoff.artifact.manifest import version_of
from sendoff.ledger.models import Event

Body = Mapping[str, Any]
NOT_PUT_BACK = "NOT put back"
BESIDE = frozenset({"told", "not_told", "review.closed"})  # written beside a release, also long after its end


@dataclass(frozen=True)
class HostPlace:
    """Where a host was before the release, and where it is now (release names)."""

    host: str
    target: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class Story:
    """One release as its events tell it."""

    events: tuple[Event, ...]

    def __post_init__(self) -> None:
        """Leave out what happened beside the release."""
        own = tuple(event for event in self.events if event.kind not in BESIDE)
        object.__setattr__(self, "events", own)

    def all(self, kind: str) -> tuple[Event, ...]:
        """Give the events of a kind, in order."""
        return tuple(event for event in self.events if event.kind == kind)

    def last(self, kind: str) -> Body:
        """Give the body of the newest event of a kind; empty when there is none."""
        return next((event.body for event in reversed(self.events) if event.kind == kind), {})

    @property
    def created(self) -> Body:
        """What the release was started with."""
        return self.last("release.created")

    @property
    def intent(self) -> Body:
        """What was to change, and why."""
        return self.created.get("why") or {}

    @property
    def plan(self) -> Body:
        """The plan that was carried out, the newest if it was made again."""
        return self.last("release.planned").get("plan") or {}

    @property
    def artifact(self) -> Body:
        """The artifact that was released."""
        return self.last("release.built").get("artifact") or {}

    @property
    def flow(self) -> str:
        """Name the story that was started, such as release or verify."""
        return str(self.created.get("flow") or "release")

    def steps(self, *actions: str) -> list[Body]:
        """List what was done of some actions."""
        return [event.body for event in self.all("step.done") if event.body.get("action") in actions]

    @property
    def is_rollback(self) -> bool:
        """Tell whether it goes back instead of forward."""
        return "rollback" in (self.plan.get("kind"), self.created.get("flow"))

    @property
    def application(self) -> str:
        """Name the application."""
        return self._known("application", "an application")

    @property
    def environment(self) -> str:
        """Name the environment."""
        return self._known("environment", "an environment")

    @property
    def version(self) -> str:
        """Name the version; the one built, as the one asked for may be `newest`."""
        return self.artifact.get("version") or self._known("version", "a version")

    @property
    def release_name(self) -> str | None:
        """Name the release as it lies on the hosts."""
        subject = self.plan.get("subject") or {}
        forward = (event.body for event in self.all("host.live") if not event.body.get("undo"))
        return subject.get("release_name") or next((body.get("release_name") for body in forward), None)

    def moved_back(self, host: str) -> bool:
        """Tell whether a host was switched, and switched back."""
        undone = (event.body.get("host") for event in self.all("host.live") if event.body.get("undo"))
        return host in undone

    def _known(self, what: str, otherwise: str) -> str:
        places = (self.created, self.plan, self.plan.get("subject") or {}, self.last("host.live"))
        return next((str(place[what]) for place in places if place.get(what)), otherwise)

    @property
    def end(self) -> str | None:
        """Say how it ended; None while it runs."""
        return self.last("release.ended").get("end")

    @property
    def said(self) -> str:
        """Say why it ended so."""
        return str(self.last("release.ended").get("said") or "")

    @property
    def started_at(self) -> datetime | None:
        """Tell when the first thing happened."""
        return self.events[0].at if self.events else None

    def until(self, now: datetime) -> datetime:
        """Tell when it ended, or now while it runs."""
        ended = self.all("release.ended")
        return ended[-1].at if ended else now

    @property
    def places(self) -> tuple[HostPlace, ...]:
        """Follow every host from before to now, those of the plan first."""
        planned = {str(state["host"]): state for state in self.plan.get("now") or ()}
        moved: dict[str, list[Body]] = {}
        for event in self.all("host.live"):
            moved.setdefault(str(event.body["host"]), []).append(event.body)
        return tuple(
            _place(host, planned.get(host), moved.get(host, [])) for host in dict.fromkeys((*planned, *moved))
        )

    @property
    def shares(self) -> tuple[Body, ...]:
        """Give the shares of the traffic that the release has had, in order."""
        return tuple(event.body for event in self.all("canary.shifted"))

    @property
    def stuck(self) -> dict[str, str]:
        """Name the hosts that could not be put back, or not be asked, each with what was said of it."""
        found: dict[str, str] = {}
        for event in self.events:
            host = str(event.body.get("host"))
            if event.kind == "step.done" and event.body.get("action") == "undo" and event.body.get("failed"):
                found[host] = str(event.body.get("said") or "no reason was recorded")
            elif event.kind == "host.live" and event.body.get("undo"):
                found.pop(host, None)
        _, _, after = self.said.partition(NOT_PUT_BACK)
        for line in after.splitlines():
            host, colon, why = line.partition(": ")
            if colon and any(place.host == host for place in self.places):
                found.setdefault(host, why)
        return found

    @property
    def left_out(self) -> dict[str, Body]:
        """Give the hosts that it went on without, each with why, and who said so."""
        return {str(event.body["host"]): event.body for event in self.all("host.left_out")}

    @property
    def decisions(self) -> tuple[Event, ...]:
        """Give what was answered, and counted, where something broke."""
        return tuple(event for event in self.all("trouble.answered") if event.body.get("counted"))

    @property
    def overrides(self) -> tuple[Body, ...]:
        """Give the freezes that their owners overrode for it, each with who and why."""
        return tuple(event.body for event in self.all("freeze.overridden"))

    @property
    def failed_steps(self) -> dict[str, str]:
        """Give for each host what was said of its last step that failed, those of undoing aside."""
        return {
            str(event.body["host"]): str(event.body.get("said") or "no reason was recorded")
            for event in self.all("step.done")
            if event.body.get("failed") and event.body.get("host") and event.body.get("action") != "undo"
        }

    @property
    def failed_checks(self) -> tuple[Body, ...]:
        """Give the checks that failed at some time, each once a host."""
        failed = (body for body in self.checks if not body.get("passed"))
        return tuple({(body.get("check"), body.get("host")): body for body in failed}.values())

    @property
    def newest_checks(self) -> tuple[Body, ...]:
        """Give what each check came to on each host in the end."""
        newest = {(body.get("check"), body.get("host"), body.get("when")): body for body in self.checks}
        return tuple(newest.values())

    @property
    def checks(self) -> tuple[Body, ...]:
        """Give all checks, in order."""
        return tuple(event.body for event in self.all("check.done"))

    @property
    def timed_checks(self) -> tuple[Body, ...]:
        """Give all checks, `when` being `back` for those of a host that had been put back by then."""
        back: set[str] = set()
        found = []
        for event in self.events:
            host = str(event.body.get("host"))
            if event.kind == "host.live" and event.body.get("undo"):
                back.add(host)
            elif event.kind == "check.done":
                found.append({**event.body, "when": "back"} if host in back else event.body)
        return tuple(found)

    @property
    def answers(self) -> tuple[Body, ...]:
        """Give the answers that count for the newest plan, and have not fallen since."""
        digest = self.last("release.planned").get("plan_digest")
        fallen = {each for event in self.all("approval.void") for each in event.body["answers"]}
        counted = (event.body for event in self.all("approval.answered") if event.body.get("counted"))
        return tuple(
            body
            for body in counted
            if digest in (None, body.get("plan_digest")) and body.get("question") not in fallen
        )


def _place(host: str, state: Body | None, moves: Sequence[Body]) -> HostPlace:
    known = state or {}
    before = moves[0].get("previous") if moves and not state else known.get("live")
    now = moves[-1].get("release_name") if moves else before
    return HostPlace(
        host, str(known.get("target") or (moves[0].get("target", "") if moves else "")), before, now
    )


def version_words(release_name: str | None) -> str:
    """Say which version a release name is of, or that there is nothing."""
    return version_of(release_name) or release_name if release_name else "nothing"
