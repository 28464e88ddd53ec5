"""Where a release stopped, in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sendoff.report.halt import where_it_stopped

OLD, NEW = "2.4.0-000000000000", "2.4.1-abababababab"


def nothing(tale: Any) -> None:
    pass


def built(tale: Any) -> None:
    tale.built()


def dark(tale: Any) -> None:
    built(tale)
    tale.planned(subject={"release_name": NEW})
    tale.step("deploy", "web-1", 6)
    tale.step("deploy", "web-2", 6, failed=True)


def half_way(tale: Any) -> None:
    dark(tale)
    tale.live("web-1", NEW, OLD)


def with_a_share(tale: Any) -> None:
    dark(tale)
    body = {"target": "web", "host": "web-1", "step": 1, "of": 2, "weight": 10, "soak": 300.0}
    tale.then(0, "canary.shifted", {**body, "version": "2.4.1", "release_name": NEW})


def being_undone(tale: Any) -> None:
    half_way(tale)
    tale.live("web-1", OLD, NEW, undo=True)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (nothing, "it stopped before it was built"),
        (built, "it stopped when it was built and on no host yet"),
        (dark, "it stopped when it lay dark on web-1; 2.4.0 is live on all 3 hosts"),
        (
            with_a_share,
            "it stopped when 2.4.1 had 10 % of the traffic of web-1; 2.4.0 is live on all 3 hosts",
        ),
        (
            half_way,
            "it stopped when it was live on web-1; "
            "2.4.1 is live on web-1, and 2.4.0 is live on web-2 and web-3",
        ),
        (
            being_undone,
            "it stopped while it was undone, when 1 host had been put back; 2.4.0 is live on all 3 hosts",
        ),
    ],
    ids=["nothing", "built", "dark", "with a share", "half-way", "being undone"],
)
def test_where_it_stopped(new_tale: Callable[[], Any], told: Callable[[Any], None], said: str) -> None:
    """How far it had come, and what is live on which hosts."""
    tale = new_tale()
    told(tale)
    assert where_it_stopped(tale.events) == said
