"""What is typed at `sendoff approve` is what the form gets."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from sendoff.cli import approve as module
from sendoff.cli.approve import approve


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Keep what would be handed over to Prefect."""
    kept: list[Any] = []
    monkeypatch.setattr(module, "need_server", lambda: None)
    monkeypatch.setattr(module, "hand_over", lambda *words, payload: kept.append((words, payload)))
    return kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), {"decision": "approve"}),
        (("--reject", "--comment", "no"), {"decision": "reject", "comment": "no"}),
        (("--later", "2h"), {"decision": "later", "until": "2h"}),
        (
            ("--group", "ops", "--code", "c0dec0de"),
            {"decision": "approve", "group": "ops", "code": "c0dec0de"},
        ),
    ],
)
def test_what_is_said(handed: list[Any], words: tuple[str, ...], said: dict[str, str]) -> None:
    """Approve unless told otherwise; what was not said is empty."""
    done = CliRunner().invoke(approve, ["run-1", "--as", "sam", *words])
    assert done.exit_code == 0, done.output
    empty = dict.fromkeys(("group", "until", "comment", "code"), "")
    assert handed == [(("deployments.answer", "run-1"), {**empty, "approver": "sam", **said})]


def test_one_decision(handed: list[Any]) -> None:
    """Rejecting later is no answer."""
    done = CliRunner().invoke(approve, ["run-1", "--as", "sam", "--reject", "--later", "2h"])
    assert done.exit_code == 2
    assert "--reject and --later together" in done.output
    assert handed == []
