"""Look whether what is live is good."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import LIVE, Intent, Where
from tasks.check import check_what_is_live
from tasks.run import Place


@flow(name="verify", flow_run_name="verify {where.application} in {where.environment}", **STORY)
def verify(where: Where, why: Intent | None = None) -> State[None]:
    """Run the checks of an environment against what is live there; nothing is changed.

    Args:
        where: What is to be looked at
        why: Why; may be left empty
    """
    with Attempt("verify", Place.of(where), LIVE, why or Intent.routine("verify"), changes=False) as attempt:
        check_what_is_live(attempt.begin())
    return attempt.state
