"""A run at its gates, with a ledger of its own: people answer as the test says, the clock is the test's."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sendoff.artifact.manifest import Artifact
from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import HostState, Plan
from sendoff.settings import Settings
from sendoff.signers import STAMP, Stamp, content, seal
from sendoff.spec.models import ReleaseFile
from tasks import approval
from tasks.asking import Form, Given, filled_in
from tasks.run import Run

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
Said = Mapping[str, Any]
Step = Callable[[str], Said | None]


class Waits(Exception):
    """The run waits, and nobody answers any more."""


class Planner:
    """Plans what is true of the hosts now."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.artifact = Artifact(
            application="shop",
            version="2",
            digest="ab" * 32,
            size=10,
            files=1,
            built_at="2026-11-25T10:00:00+00:00",
            built_by="local:ada",
        )
        self.planned = run.file, self.artifact  # what a test changes of these changes no plan
        self.live = "1-000000000000"
        self.briefs: list[Any] = []
        self.changes: dict[str, Any] = {}

    def plan(self) -> Plan:
        facts = [HostState(target="web", host=host, live=self.live) for host in ("a", "b")]
        file, artifact = self.planned
        made = make_release_plan(file, "cd" * 32, "production", artifact, facts)
        return made.model_copy(update=self.changes)

    def current(self, plan: Plan) -> Plan:
        return plan

    def brief(self, *shown: Any) -> str:
        self.briefs.append(shown)
        return "the brief"


class Gated:
    """A release that asks people; each step of the script is one moment at which the run waits."""

    def __init__(self, run: Run, key: Ed25519PrivateKey) -> None:
        self.run, self.key, self.planner = run, key, Planner(run)
        self.at = START
        self.script: list[Step] = []
        self.asked: list[str] = []
        self.codes: list[str] = []
        self.alarms: list[tuple[str, datetime]] = []
        self.pending: Said | None = None
        self.pending_at: datetime | None = None
        self._nonces = itertools.count(1)

    def agree(self, *script: Step) -> Plan | None:
        self.script = list(script)
        return approval.agreed(self.run, self.planner, self.planner.plan())  # type: ignore[arg-type]

    def waits(self, *script: Step) -> None:
        """Go through the script, after which it has to wait for somebody else."""
        with pytest.raises(Waits):
            self.agree(*script)

    def answer_to(
        self, model: type[Form], key: str, before: Callable[[str], None], why: Callable[[], str]
    ) -> Given | None:
        names = itertools.chain([key], (f"{key}--{number}" for number in itertools.count(2)))
        question = next(name for name in names if name not in self.asked)
        before(question)
        self.asked.append(question)
        self.codes.append(str(model.model_fields["code"].default))
        if not self.script:
            raise Waits
        said = self.script.pop(0)(question)
        return None if said is None else filled_in(model, dict(said), question)

    def answered(self, model: type[Form], key: str) -> Given | None:
        """Give what was said while no process of the run was there, the first time that it is looked for."""
        said, self.pending = self.pending, None
        if said is None:
            return None
        given = filled_in(model, dict(said), self.asked[-1] if self.asked else key)
        return replace(given, at=self.pending_at)

    def says(self, who: str, decision: str = "approve", **more: Any) -> Step:
        """Have somebody answer, without sign-in."""
        return lambda question: {"decision": decision, "approver": who, **more}

    def signs(self, who: str, *groups: str, decision: str = "approve", **other: Any) -> Step:
        """Have somebody answer who has signed in; `other` is what their stamp says otherwise."""

        def sign(question: str) -> Said:
            said = {"decision": decision, **other.pop("said", {})}
            words = {
                "person": who,
                "groups": groups,
                "deed": "answer",
                "run": self.run.id,
                "question": question,
            }
            rest = {"content": content(said), "at": self.at, "nonce": f"n{next(self._nonces)}"}
            key = other.pop("key", self.key)
            return {**said, STAMP: seal(Stamp(**{**words, **rest, **other}), key)}

        return sign

    def after(self, then: Callable[[], None], step: Step) -> Step:
        """Have something happen while the run waits, and then somebody answer."""

        def both(question: str) -> Said | None:
            then()
            return step(question)

        return both

    def passes(self, **time: float) -> Step:
        """Let time pass until the run is woken."""

        def wake(question: str) -> None:
            self.at += timedelta(**time)

        return wake

    def events(self, *kinds: Any) -> list[Event]:
        return list(self.run.ledger.events(self.run.id, kinds or None))

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [event.body for event in self.events(kind)]

    def counted(self) -> list[tuple[str, bool]]:
        return [(body["approver"], body["counted"]) for body in self.bodies("approval.answered")]


def _file(gates: list[dict[str, Any]]) -> ReleaseFile:
    fleet = {"name": "web", "hosts": ["a", "b"], "user": "app", "root": "/srv/a"}
    named = [{"kind": "approval", "name": f"gate-{number}", **gate} for number, gate in enumerate(gates, 1)]
    return ReleaseFile.model_validate(
        {
            "application": "shop",
            "owner": "shop",
            "hosts": {name: {"address": "127.0.0.1"} for name in ("a", "b")},
            "build": {"source": {"folder": "."}, "command": ["make"], "output": "dist"},
            "environments": [{"name": "production", "targets": [fleet], "gates": named}],
        }
    )


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Gated]]:
    """Make a run with gates, whose names are gate-1 and so on; `signed`: where people sign in."""
    opened: list[Ledger] = []

    def make(
        *gates: dict[str, Any], signed: bool = False, run_id: str = "run-1", flow: str = "release"
    ) -> Gated:
        key = Ed25519PrivateKey.generate()
        public = tmp_path / "server.pub"
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
        clock: list[Gated] = []
        ledger = Ledger.open(url, clock=lambda: clock[0].at if clock else START)
        opened.append(ledger)
        body = {
            "flow": flow,
            "application": "shop",
            "environment": "production",
            "version": "2",
            "commit": None,
            "what": {"version": "2"},
            "why": {"summary": "New", "reason": "Tests", "risk": "low", "requested_by": "robin"},
            "folder": str(tmp_path),
            "config_digest": "cd" * 32,
            "config": _file(list(gates)).model_dump(mode="json"),
        }
        created = ledger.append(run_id, "release.created", "robin", body, "created")
        settings = Settings(
            home=tmp_path, ledger_url=url, store=tmp_path, catalog=(), signed_by=public if signed else None
        )
        run = Run(created, ledger, settings, logging.getLogger("tests"), now=lambda: clock[0].at)
        made = Gated(run, key)
        clock.append(made)
        monkeypatch.setattr(approval, "answer_to", made.answer_to)
        monkeypatch.setattr(approval, "answered", made.answered)
        monkeypatch.setattr(approval, "wake_at", lambda run, key, at: made.alarms.append((key, at)))
        return made

    yield make
    for ledger in opened:
        ledger.close()
