"""Hosts that a release goes on without: they keep what they have, which is drift, and the ledger says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.durable import HostKey
from tasks.run import Run


def left_out(run: Run) -> dict[HostKey, dict[str, Any]]:
    """Give the hosts that this run has left out, each with what was written down of it."""
    events = run.ledger.events(release=run.id, kinds=("host.left_out",))
    return {(event.body["target"], event.body["host"]): event.body for event in events}


def kept(run: Run, hosts: Iterable[HostKey]) -> list[HostKey]:
    """List those of some hosts that this run has not left out."""
    gone = left_out(run)
    return [key for key in hosts if key not in gone]


def leave_out(run: Run, place: str, why: Mapping[HostKey, str], by: str, comment: str = "") -> None:
    """Write down that the run goes on without hosts; `place` is the step that they were left out of."""
    known = {(each.target, each.host): each.release_name for each in run.placements()}
    planned = run.ledger.last(run.id, ("release.planned",))
    for state in planned.body["plan"]["now"] if planned else ():
        known.setdefault((state["target"], state["host"]), state["live"])
    for (target, host), said in why.items():
        body = {
            "application": run.place.application,
            "environment": run.place.environment,
            "target": target,
            "host": host,
            "version": run.version,
            "live": known.get((target, host)),
            "place": place,
            "why": said,
            "by": by,
            "comment": comment,
        }
        run.record("host.left_out", body, key=f"left-out/{target}/{host}", actor=by)
