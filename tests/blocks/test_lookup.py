"""Which block serves what."""

from __future__ import annotations

from typing import Any

import pytest

from blocks import lookup
from sendoff.server.bodies import RESULTS


def kind(answer: Any) -> Any:
    """A kind of block that is loaded with this answer; an exception is raised."""

    class Kind:
        @staticmethod
        def load(name: str, _sync: bool) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return name, answer

    return Kind


def test_connections_are_named_after_their_place() -> None:
    """Each fleet of each environment of each application has a block of its own."""
    assert lookup.connection_name("shop", "live", "web") == "shop-live-web"


def test_a_block_that_is_there() -> None:
    """It is loaded by its name."""
    assert lookup.find(kind("block"), "shop") == ("shop", "block")


def test_a_block_that_is_not_there() -> None:
    """A block that nobody made is None, so that what the release file says can hold."""
    missing = ValueError("Unable to find block document named shop for block type sendoff-release-secrets")
    assert lookup.find(kind(missing), "shop") is None


@pytest.mark.parametrize("broken", [ValueError("bad schema"), ConnectionError("no server")], ids=str)
def test_trouble_is_not_taken_for_absence(broken: Exception) -> None:
    """A server that cannot be asked, or a block that cannot be read, is not the same as none."""
    with pytest.raises(type(broken), match=str(broken)):
        lookup.find(kind(broken), "shop")


def test_results_are_where_the_server_lets_them_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no other block for them from anybody."""
    monkeypatch.setattr(lookup, "find", lambda kind, name: kind)
    assert lookup.results() == RESULTS[1]
