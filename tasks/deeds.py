"""Who started a run, and who cancelled it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.client.schemas.objects import FlowRun

from sendoff.ledger import Ledger
from sendoff.people import actor
from sendoff.settings import Settings
from sendoff.signers import CANCEL_LABEL, STAMP, START_LABEL, Signer, StampRefused
from sendoff.spec.intent import THE_SCHEDULE
from tasks.stamps import signer, write_down

SCHEDULE = Signer(name=THE_SCHEDULE, is_proved=True)
SOMEBODY = Signer(name="somebody")


def starter(
    run: FlowRun,
    typed: str,
    ledger: Ledger,
    settings: Settings,
    nightly: Mapping[str, Any] | None = None,
) -> Signer:
    """Tell who started a run: whom its stamp proves, else who they said; StampRefused where people sign in.

    Only the server makes the runs of schedules, but admins make schedules, with whatever parameters: such a
    run is the schedule's only when it is of a release file, to the word.

    Args:
        run: The run, as the server has it
        typed: Who they said they are
        ledger: Where it is written down that a stamp was used, or refused
        settings: These name the server's public key
        nightly: The parameters with which a schedule may start it; None when no schedule may
    """
    if settings.signed_by is None:
        return Signer(name=typed)
    if run.auto_scheduled:
        if refused := _not_of_a_release_file(run, nightly):
            write_down(ledger, str(run.id), "start", refused, "scheduled")
            raise refused
        return SCHEDULE
    said = {**run.parameters, STAMP: run.labels.get(START_LABEL, "")}
    return signer(ledger, settings, "start", str(run.id), said, of=str(run.deployment_id))


def _not_of_a_release_file(run: FlowRun, nightly: Mapping[str, Any] | None) -> StampRefused | None:
    if nightly is None:
        return StampRefused(
            "a schedule started this, expected a person: only the newest commit is released by a schedule, "
            "where the release file has a 'schedule'; start it by hand"
        )
    if run.parameters != nightly:
        return StampRefused(
            "a schedule started this with other parameters than 'schedule' in the release file stands for, "
            "expected those; run `sendoff register`, and start anything else by hand"
        )
    return None


def is_by_a_worker(run: FlowRun) -> bool:
    """Tell whether a process with a worker's account started a run, where people sign in.

    The server writes on runs who made them: people, automations, schedules; and nothing on those of workers.
    """
    return run.created_by is None and not run.auto_scheduled


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
