"""Have a release that waits look again: started by Sendoff for the moment at which that is due."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.waking import wake_unless_gone_on


@flow(name="wake", retries=10, retry_delay_seconds=30)
def wake(run: UUID, key: str) -> State[None]:
    """Wake a release that waits. Sendoff starts this by itself.

    Args:
        run: The run that waits
        key: The question, or the hold, that it waits with
    """
    return Completed(message=wake_unless_gone_on(run, key))
