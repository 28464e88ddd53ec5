"""Which flows are registered: those that people start from the Prefect UI, and those that nobody starts."""

from __future__ import annotations

from typing import Any

from prefect import Flow

from flows.answer_by_default import answer_by_default
from flows.at_site import at_site
from flows.build import build
from flows.close_review import close_review
from flows.deploy import deploy
from flows.go_live import go_live
from flows.line import line
from flows.recover import recover
from flows.release import release
from flows.rollback import rollback
from flows.tell import tell
from flows.verify import verify
from flows.wake import wake

POOL = "sendoff"

INNER: tuple[Flow[..., Any], ...] = (answer_by_default, wake, tell)
"""What Sendoff starts by itself; each has a deployment as well, so that a worker can run it."""

STORIES: tuple[Flow[..., Any], ...] = (
    release, build, deploy, verify, go_live, rollback, line, close_review,
)  # fmt: skip
RECOVER: Flow[..., Any] = recover
AT_SITE: Flow[..., Any] = at_site


def entrypoint(story: Flow[..., Any]) -> str:
    """Name a flow by its module, so that a worker finds it wherever Sendoff is installed."""
    return f"{story.fn.__module__}.{story.fn.__name__}"
