"""What is typed at `sendoff approve` is what the form gets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from sendoff.cli import approve as module
from sendoff.cli.approve import approve
from sendoff.errors import PolicyRefused

SHOWN = {"run": "the id of run-1", "name": "shop 2 to live", "text": "## What changes", "code": "c0dec0de"}


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Keep what would be handed over to Prefect."""
    kept: list[Any] = []
    monkeypatch.setattr(module, "need_server", lambda: None)
    monkeypatch.setattr(module, "told_by", lambda *words: {**SHOWN, "asked": words})
    monkeypatch.setattr(module, "hand_over", lambda *words, payload: kept.append((words, payload)))
    return kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--code", "c0dec0de"), {"decision": "approve", "code": "c0dec0de"}),
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


@pytest.mark.parametrize(("typed", "agrees"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_what_is_approved_is_shown_first(
    handed: list[Any], monkeypatch: pytest.MonkeyPatch, typed: str, agrees: bool
) -> None:
    """Without a code; the answer then is for what was shown, of that run, whatever is asked by then."""
    monkeypatch.setattr(module, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    done = CliRunner().invoke(approve, ["run-1", "--as", "sam"], input=typed)
    assert "## What changes" in done.output
    assert "Approve 'shop 2 to live', with the code c0dec0de? [y/N]" in done.output
    assert (done.exit_code == 0) == agrees
    assert [(words[1], given["code"]) for words, given in handed] == [(SHOWN["run"], SHOWN["code"])] * agrees


def test_nobody_approves_unread(handed: list[Any]) -> None:
    """A script has to say what it approves; it is told what is asked now."""
    done = CliRunner().invoke(approve, ["run-1", "--as", "sam"], input="y\n")
    assert isinstance(done.exception, PolicyRefused)
    assert "--code is not given" in str(done.exception)
    assert str(done.exception).endswith("add --code c0dec0de")
    assert handed == []
