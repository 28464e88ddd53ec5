"""The plan: what is where, what will be, in which order, and how each step is undone."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from sendoff.model import Frozen, digest

Action = Literal["build", "preflight", "deploy", "check-dark", "approve", "go-live", "prune"]


class HostState(Frozen):
    """The facts of a host that a plan rests on: the release that is live there (its name), if any."""

    target: str
    host: str
    live: str | None


class Subject(Frozen):
    """What is released: the artifact, as far as a plan needs it."""

    application: str
    version: str
    digest: str
    release_name: str
    size: int
    files: int
    commit: str | None = None


class Unbuilt(Frozen):
    """A version that is not built yet: what a preview can know of it."""

    application: str
    version: str
    commit: str | None = None


class Condition(Frozen):
    """A gate or a check that stands in the way, told in words."""

    kind: Literal["gate", "check"]
    name: str
    said: str


class Batch(Frozen):
    """Hosts of one target that go live together, and the failures that its fleet bears."""

    number: int
    target: str
    hosts: tuple[str, ...]
    max_failures: int


class Step(Frozen):
    """One step, told in words; `id` is stable and names it in the ledger, such as `go-live/2`."""

    id: str
    action: Action
    title: str
    hosts: tuple[str, ...] = ()
    does: tuple[str, ...] = ()
    undo: str


class Outline(Frozen):
    """What a plan and a preview have in common: everything but what is released.

    `skipped`: gates that an emergency release does without.
    """

    kind: Literal["release", "rollback"]
    environment: str
    config_digest: str
    now: tuple[HostState, ...]
    batches: tuple[Batch, ...]
    gates: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    checks: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    steps: tuple[Step, ...]
    beyond_switch: str | None

    @model_serializer(mode="wrap")
    def _only_what_is(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is of emergencies in all other plans: their digests stay what they always were."""
        return {name: value for name, value in whole(self).items() if name != "skipped" or value}

    @property
    def digest(self) -> str:
        """Name the plan by its content: 64 hexadecimal digits."""
        return digest(self)

    @property
    def code(self) -> str:
        """Shorten the digest to what a person can compare: 8 digits."""
        return self.digest[:8]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Name the hosts that it goes on without."""
        served = {host for batch in self.batches for host in batch.hosts}
        return tuple(state.host for state in self.now if state.host not in served)

    def previous(self, host: str) -> str | None:
        """Tell which release a host goes back to."""
        return next(state.live for state in self.now if state.host == host)


class Plan(Outline):
    """All of it. Two plans are the same plan when their digests are."""

    subject: Subject


class Preview(Outline):
    """What the plan would be before the version is built: to be read, never to be carried out."""

    subject: Unbuilt
