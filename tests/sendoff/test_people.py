"""Who acts, as the ledger records it."""

from __future__ import annotations

import getpass
import os

import pytest

from sendoff.people import actor


def test_actor_is_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person at a machine is named after their user there."""
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert actor() == "local:ada"


def test_actor_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a name, as in many containers, goes by number."""

    def nameless() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert actor() == f"local:uid-{os.getuid()}"
