"""Letting the line go wakes what it held, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.exceptions import ObjectNotFound

from sendoff.ledger import Ledger
from tasks import line as module
from tasks.line import wake_held


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


class Client:
    """Runs, by the key under which they wait."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.keys = ledger, dict[UUID, str | None]()

    def add(self, key: str | None, *events: tuple[Any, dict[str, Any]]) -> UUID:
        run = uuid4()
        self.keys[run] = key
        for kind, body in (("release.created", {"application": "shop"}), *events):
            self.ledger.append(str(run), kind, "ada", body)
        return run

    def read_flow_run(self, run: UUID) -> Any:
        if run not in self.keys:
            raise ObjectNotFound(Exception())
        state = SimpleNamespace(state_details=SimpleNamespace(pause_key=self.keys[run]))
        return SimpleNamespace(id=run, name=str(run), state=state)


def held(kind: str) -> tuple[Any, dict[str, Any]]:
    return "release.held", {"said": "it waits", "reasons": [{"kind": kind}]}


def test_wakes_what_the_line_held(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what a freeze holds, what has gone on, what is over, or what waits for an answer by now."""
    woken: list[tuple[UUID, str]] = []
    monkeypatch.setattr(module, "wake", lambda client, run, key: woken.append((run.id, key)) or "woken")
    client = Client(ledger)
    ours = client.add("hold-deploy-1_2", held("line"))
    client.add("hold-deploy-1", held("freeze"))
    client.add("approval-owner-1", held("line"), ("release.let_go", {}))
    client.add("trouble-deploy-1", held("line"))
    client.add("hold-deploy-1", held("line"), ("release.ended", {"end": "cancelled"}))
    client.add("hold-deploy-1")
    elsewhere = client.add(None, held("line"))
    del client.keys[elsewhere]
    assert list(wake_held(client, ledger)) == [f"{ours}: woken"]  # type: ignore[arg-type]
    assert woken == [(ours, "hold-deploy-1_2")]
