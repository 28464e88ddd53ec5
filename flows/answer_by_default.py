"""Answer for people who did not: started by Sendoff for the moment at which a question's time is up."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.deadline import answer_unless_answered


@flow(name="answer-by-default", retries=10, retry_delay_seconds=30)
def answer_by_default(run: UUID, key: str, decision: str) -> State[None]:
    """Answer a release that asked what to do and was not told. Sendoff starts this by itself.

    Args:
        run: The run that waits
        key: The question that it waits with
        decision: What is answered
    """
    return Completed(message=answer_unless_answered(run, key, decision))
