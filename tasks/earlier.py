"""What a version has shown already, in the environment that it has to have been live in before."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.ledger.ledger import WINDOW
from sendoff.report.brief import Earlier
from tasks.run import Run


def earlier(run: Run, artifact: Artifact) -> Earlier | None:
    """Find when it went live there the last time, and its checks; None when nothing has to come before."""
    before = run.environment.after
    if before is None:
        return None
    moves = run.ledger.newest(WINDOW, None, ("host.live",), run.place.application, before)
    forward = (move for move in reversed(moves) if not move.body.get("undo"))
    found = next((move for move in forward if move.body["release_name"] == artifact.release_name), None)
    if found is None:
        return None
    checks = run.ledger.events(found.release, ("check.done",))
    return Earlier(
        environment=before,
        since=found.at,
        checks=tuple(event.body for event in checks if event.body.get("when") == "live"),
    )
