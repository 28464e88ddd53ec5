"""Who started a run, and who cancelled it."""

from __future__ import annotations

from prefect.client.schemas.objects import FlowRun

from sendoff.ledger import Ledger
from sendoff.people import actor
from sendoff.settings import Settings
from sendoff.signers import CANCEL_LABEL, STAMP, START_LABEL, Signer, StampRefused
from sendoff.spec.intent import THE_SCHEDULE
from tasks.stamps import signer

SCHEDULE = Signer(name=THE_SCHEDULE, is_proved=True)
SOMEBODY = Signer(name="somebody")


def starter(run: FlowRun, typed: str, ledger: Ledger, settings: Settings) -> Signer:
    """Tell who started a run: whom its stamp proves, else who they said; StampRefused where people sign in.

    What a schedule started is the schedule's: only the server makes such runs.
    """
    if settings.signed_by is None:
        return Signer(name=typed)
    if run.auto_scheduled:
        return SCHEDULE
    said = {**run.parameters, STAMP: run.labels.get(START_LABEL, "")}
    return signer(ledger, settings, "start", str(run.id), said, of=str(run.deployment_id))


def canceller(run: FlowRun, ledger: Ledger, settings: Settings) -> Signer:
    """Tell who cancelled a run; the user of this machine when it was started by hand here."""
    if run.deployment_id is None:
        return Signer(name=actor())
    if settings.signed_by is None or CANCEL_LABEL not in run.labels:
        return SOMEBODY
    try:
        return signer(ledger, settings, "cancel", str(run.id), {STAMP: run.labels[CANCEL_LABEL]})
    except StampRefused:
        return SOMEBODY
