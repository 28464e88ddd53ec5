"""Answer a question with its default once its time is up."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import SetStateStatus

from sendoff.settings import Settings
from tasks.asking import this_run
from tasks.run import Run
from tasks.timers import set_timer

TIMER = "answer-by-default"
PATIENCE = 300.0  # seconds that a question may take to appear; it is asked right after its timer was set
PAUSE = 0.5


def answer_at(run: Run, key: str, decision: str, until: datetime) -> None:
    """Have a question answered at a time, unless people were first."""
    flow_run = this_run()
    set_timer(
        run,
        TIMER,
        until,
        {"run": str(flow_run.id), "key": key, "decision": decision},
        key,
        f"if nobody answers: {flow_run.name}",
        lambda: answer_unless_answered(flow_run.id, key, decision),
    )


def answer_unless_answered(run: UUID, key: str, decision: str) -> str:
    """Answer a question with nobody's name, unless somebody was first; tells what came of it."""
    end = time.monotonic() + PATIENCE
    with get_client(sync_client=True) as client:
        while time.monotonic() < end:
            if said := _answer(client, run, key, decision):
                return said
            time.sleep(PAUSE)
    return "not asked: the run did not wait for this"


def _answer(client: SyncPrefectClient, run: UUID, key: str, decision: str) -> str | None:
    """Try once; None when the question, or its form, is not there yet."""
    found = client.read_flow_run(run)
    state, asked = found.state, key in (found.empirical_policy.pause_keys or ())
    if state is None or state.is_final():
        return "not needed: the run is over"
    if not state.is_paused() or state.state_details.pause_key != key:
        return "not needed: it was answered" if asked else None
    given = {"decision": decision, "comment": ""}
    if Settings.read(os.environ).signed_by is None:
        given["who"] = ""  # where people sign in, forms have no such field
    result = client.resume_flow_run(run, run_input=given)  # the server takes the first answer, and no other
    return f"answered {decision!r}" if result.status == SetStateStatus.ACCEPT else None
