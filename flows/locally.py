"""Run a story in this process, without a deployment.

`python -m flows.locally release '{"what": …, "why": …}'`; `sendoff release --local` calls it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from flows.release import release
from flows.rollback import rollback

STORIES: dict[str, Flow[..., Any]] = {"release": release, "rollback": rollback}


def main(story: str, payload: str) -> int:
    """Run it to its end; 0 when it ended well."""
    with get_client(sync_client=True) as client:
        print(f"approvals are answered with: PREFECT_API_URL={client.api_url} sendoff approve RUN --as YOU")
        state: State[Any] = STORIES[story](**json.loads(payload), return_state=True)  # type: ignore[assignment]  # typed as the return value
    print(f"{state.name}: {state.message}")
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
