"""Close the review that an emergency release has opened."""

from __future__ import annotations

import os
from contextlib import closing

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed

from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.reviewing import close_review as close_it
from sendoff.settings import Settings
from sendoff.spec.intent import Closing
from tasks.asking import this_run
from tasks.deeds import starter
from tasks.ends import state_of
from tasks.publish import publish_table
from tasks.telling import tell_of


@flow(name="close-review", flow_run_name="close the review of {review.run}")
def close_review(review: Closing) -> State[None]:
    """Close the review of an emergency release, with what it came to. Who asked for the release cannot.

    Args:
        review: Which one, what it came to, and who closes it
    """
    settings = Settings.read(os.environ)
    with closing(Ledger.open(settings.ledger_url)) as ledger, get_client(sync_client=True) as client:
        run = client.read_flow_run(this_run().id)
        try:
            who = starter(run, review.requested_by, ledger, settings)
            closed = close_it(ledger, review.run, who.name, review.finding, who.is_proved)
        except PolicyRefused as refused:
            return state_of("refused", str(refused))
        publish_table(ledger)
        if created := ledger.last(review.run, ("release.created",)):
            tell_of(client, ledger, created)
    return Completed(message=f"{closed.title}: its review is closed by {closed.closed_by}")
