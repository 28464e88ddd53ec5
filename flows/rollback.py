"""Go back to a release that was live before."""

from __future__ import annotations

import sys

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import Intent, WayBack
from tasks.deploy import deploy
from tasks.go_live import go_live
from tasks.going_back import plan_rollback
from tasks.run import Place
from tasks.stored import stored


@flow(name="rollback", flow_run_name="{what.application} in {what.environment} back to {what.to}", **STORY)
def rollback(what: WayBack, why: Intent) -> State[None]:
    """Switch an environment back to the previous or a named release, with checks; nobody has to approve it.

    Args:
        what: What goes back, where, and to which version
        why: Why, and with which risk
    """
    with Attempt("rollback", Place.of(what), what.to, why) as attempt:
        run = attempt.begin()
        artifact = stored(run)
        plan, missing = plan_rollback(run, artifact)
        if missing:
            deploy(run, plan, artifact, only=missing)
        go_live(run, plan)
        attempt.end = "live"
    return attempt.state


if __name__ == "__main__":
    from sendoff.cli import main

    main(["rollback", "--local", *sys.argv[1:]])
