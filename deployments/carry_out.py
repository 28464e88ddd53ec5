"""Carry out an order that is a story of its own: `python -m deployments.carry_out line '{"order": …}'`."""

from __future__ import annotations

import json
import sys
from typing import Any, cast
from uuid import uuid4

from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from sendoff.cli.signed_in import why

SECONDS = 120
"""How long an order may take; it changes no host."""


def carry_out(story: str, parameters: dict[str, Any]) -> tuple[str, bool]:
    """Have a worker do it, in the name of who signed in; gives what came of it, and whether it is done."""
    try:
        asked = run_deployment(
            f"{story}/{story}",
            parameters=parameters,
            timeout=SECONDS,
            idempotency_key=uuid4().hex,  # a request whose answer was lost is sent again
        )
        run = cast("FlowRun", asked)
    except ObjectNotFound:
        return (
            f"deployment {story!r}: is not registered, expected it on this server; run `sendoff register`",
            False,
        )
    except PrefectHTTPStatusError as refused:
        return f"{story}: {why(refused.response)}; nothing was changed", False
    if run.state is None or not run.state.is_final():
        return (
            f"{run.name}: is not done after {SECONDS} s, expected a worker to do it; look at its page",
            False,
        )
    return str(run.state.message or run.state.name), run.state.is_completed()


def main(story: str, payload: str) -> int:
    """Do it, and say what came of it. 0 when it was done."""
    said, done = carry_out(story, json.loads(payload))
    print(said, file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
