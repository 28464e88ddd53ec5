"""Take away what lies dark on hosts and will not go live."""

from __future__ import annotations

from prefect import task

from sendoff.targets.protocol import Outcome
from tasks.durable import RETRIED, HostKey, on_hosts, told
from tasks.run import Run


@task(name="remove from", task_run_name="remove the dark release from {host}", **RETRIED)
def remove_from(run: Run, target: str, host: str, release: str) -> Outcome:
    """Take a release that never went live away again."""
    with run.step("remove", target, host) as step:
        return step.came_to(run.host(target, host).remove(release))


def remove_dark(run: Run, release: str) -> None:
    """Remove what this run put on hosts and nobody uses; leaves what had been there before it."""
    gone = on_hosts(run, remove_from, staged(run), release=release)
    if gone.errors:
        run.say(f"{release} still lies dark on some hosts; it does no harm there:\n{told(gone.errors)}")


def staged(run: Run) -> list[HostKey]:
    """List the hosts that this run put the release on: it was not there before, or was damaged."""
    planned = next(iter(run.ledger.events(release=run.id, kinds=("release.planned",))), None)
    lacked = [tuple(key) for key in planned.body.get("lacking", ())] if planned else []
    done = [event.body for event in run.ledger.events(release=run.id, kinds=("step.done",))]
    found = [body for body in done if body["action"] == "deploy" and not body["failed"]]
    keys = [((body["target"], body["host"]), body["changed"]) for body in found]
    return list(dict.fromkeys(key for key, changed in keys if changed or key in lacked))
