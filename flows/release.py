"""Bring a version of an application to an environment, and live."""

from __future__ import annotations

import sys

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import Intent, What
from tasks.approval import agreed, declined
from tasks.build import build
from tasks.check import check_dark
from tasks.deploy import deploy, deploy_again
from tasks.go_live import go_live
from tasks.planning import Planner, live_already
from tasks.prune import prune
from tasks.remove import remove_dark
from tasks.run import Place


@flow(name="release", flow_run_name="{what.application} {what.version} to {what.environment}", **STORY)
def release(what: What, why: Intent) -> State[None]:
    """Build, deploy, verify, ask, go live, and report; undo by itself what turns out not to be good.

    Args:
        what: What is to be released, and to where
        why: Why it is released, and with which risk
    """
    with Attempt("release", Place.of(what), what.version, why) as attempt:
        run = attempt.begin()
        if already := live_already(run):
            attempt.end, attempt.said = "nothing-to-do", already
        else:
            artifact = build(run)
            planner = Planner(run, artifact)
            plan = planner.plan()
            deploy(run, plan, artifact)
            check_dark(run, plan)
            if final := agreed(run, planner, plan):
                deploy_again(run, final, artifact)
                go_live(run, final)
                prune(run, final)
                attempt.end = "live"
            else:
                remove_dark(run, artifact.release_name)
                attempt.end = declined(run) or "rejected"
    return attempt.state


if __name__ == "__main__":
    from sendoff.cli import main

    main(["release", "--local", *sys.argv[1:]])
