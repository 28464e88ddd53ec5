"""What a run has put on hosts, and would take away again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.ledger import Ledger
from tasks.remove import staged


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as ledger:
        yield SimpleNamespace(id="r1", ledger=ledger)


def planned(run: Any, *lacking: str) -> None:
    run.ledger.append("r1", "release.planned", "ada", {"lacking": [["web", host] for host in lacking]})


def deployed(run: Any, host: str, changed: bool = True, failed: bool = False) -> None:
    body = {"action": "deploy", "target": "web", "host": host, "changed": changed, "failed": failed}
    run.ledger.append("r1", "step.done", "ada", body)


def test_what_lay_there_before_stays(run: Any) -> None:
    """A release that somebody else has put on a host is not ours to take away."""
    planned(run, "a")
    deployed(run, "a")
    deployed(run, "b", changed=False)
    assert staged(run) == [("web", "a")]


def test_what_a_killed_process_put_there_is_ours(run: Any) -> None:
    """The process after one that died before it could record its deploy changes nothing, and knows."""
    planned(run, "a")
    deployed(run, "a", changed=False)
    planned(run)
    assert staged(run) == [("web", "a")]


def test_what_did_not_arrive_is_not_there(run: Any) -> None:
    """A host on which it failed has nothing to be removed, and is named once when it was tried again."""
    planned(run, "a", "b")
    deployed(run, "a", failed=True)
    deployed(run, "b", failed=True)
    deployed(run, "b")
    deployed(run, "b", changed=False)
    assert staged(run) == [("web", "b")]


def test_nothing_planned(run: Any) -> None:
    """Before there is a plan nothing was put anywhere."""
    assert staged(run) == []
