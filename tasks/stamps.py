"""Whose stamp is on a deed: each stamp counts once, and what is refused is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendoff.ledger import Ledger
from sendoff.settings import Settings
from sendoff.signers import STAMP, Deed, Signer, StampRefused, proved

STAMPS = (
    "stamps"  # under this the ledger keeps which stamp was used for what: a stamp counts once over all runs
)
NOBODY = "nobody"


def signer(
    ledger: Ledger,
    settings: Settings,
    deed: Deed,
    run: str,
    said: Mapping[str, Any],
    question: str = "",
    of: str = "",
) -> Signer:
    """Tell whose stamp travels with what was said; StampRefused, and an event, when it is of no use.

    Args:
        ledger: Where it is written down that it was used, or refused
        settings: These name the server's public key
        deed: What was done
        run: The run that it was done to
        said: All that was said, with the stamp
        question: The key of the question that was answered
        of: What the stamp has to name, where that is not the run
    """
    assert settings.signed_by is not None  # noqa: S101 -- whoever asks has looked
    try:
        found = proved(said, deed, of or run, question, settings.signed_by)
        _use(ledger, found, {"run": run, "deed": deed, "question": question})
    except StampRefused as refused:
        number = str(said.get(STAMP) or "")[-16:]
        write_down(ledger, run, deed, refused, f"{question}-{number}", question)
        raise
    return found


def write_down(
    ledger: Ledger, run: str, deed: Deed, refused: StampRefused, number: str, question: str = ""
) -> None:
    """Write down that a deed was refused, and why; once under a number."""
    body = {"deed": deed, "question": question, "who": refused.who, "said": str(refused)}
    ledger.append(run, "stamp.refused", NOBODY, body, f"refused-{deed}-{number}")


def _use(ledger: Ledger, signer: Signer, use: dict[str, str]) -> None:
    """Use a stamp up; a process that goes on with the same use of it may do so again."""
    first = ledger.append(STAMPS, "stamp.used", signer.name, use, signer.nonce)
    if first.body != use:
        raise StampRefused(
            f"this stamp of {signer.name} was used before, for {first.body['deed']} of run "
            f"{first.body['run']}; each counts once, do it again, signed in"
        )
