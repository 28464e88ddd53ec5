"""Have the server say who is at this terminal, for what the command line does by itself."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import httpx

from sendoff.cli.prefect_side import need_server
from sendoff.errors import PolicyRefused
from sendoff.signers import STAMP, proved


def signed_in(resource: str, release: str, reason: str, signed_by: Path) -> str:
    """Give the name of whoever unlocks, by the server's stamp; PolicyRefused when it lets nobody do so."""
    need_server()
    api, credentials = os.environ["PREFECT_API_URL"], os.environ.get("PREFECT_API_AUTH_STRING", "")
    said: dict[str, Any] = {"resource": resource, "release": release, "reason": reason}
    basic = base64.b64encode(credentials.encode()).decode()
    try:
        answer = httpx.post(f"{api}/sendoff/unlock", json=said, headers={"authorization": f"Basic {basic}"})
    except httpx.HTTPError as error:
        raise PolicyRefused(f"{api}: cannot be asked who you are ({error}); nothing was freed") from None
    if not answer.is_success:
        raise PolicyRefused(f"{api}: {why(answer)}; nothing was freed")
    stamp = {STAMP: answer.json()[STAMP]}
    return proved({**said, **stamp}, "unlock", release, "", signed_by).name


def why(answer: httpx.Response) -> str:
    """Tell why the server refused something, in its own words where it has any."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code}; is it `sendoff server`?"
