"""Move traffic to a version that lies dark on the hosts."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import Intent, What
from tasks.approval import agreed, declined
from tasks.check import check_dark
from tasks.facts import staged_everywhere
from tasks.go_live import go_live as go_live_with
from tasks.planning import Planner
from tasks.prune import prune
from tasks.run import Place
from tasks.stored import stored


@flow(name="go-live", flow_run_name="{what.application} {what.version} live in {what.environment}", **STORY)
def go_live(what: What, why: Intent) -> State[None]:
    """Ask those who have to agree, then make live what was deployed before; undo what is not good.

    Args:
        what: What is to go live, and where
        why: Why it goes live, and with which risk
    """
    with Attempt("go-live", Place.of(what), what.version, why) as attempt:
        run = attempt.begin()
        artifact = stored(run)
        staged_everywhere(run, artifact)
        planner = Planner(run, artifact)
        plan = planner.plan()
        check_dark(run, plan)
        if final := agreed(run, planner, plan):
            staged_everywhere(run, artifact)
            go_live_with(run, final)
            prune(run, final)
            attempt.end = "live"
        else:
            attempt.end = declined(run) or "rejected"
    return attempt.state
