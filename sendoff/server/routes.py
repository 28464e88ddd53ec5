"""Which rights each route of Prefect's API asks for. What is not listed here is refused. Pure.

A line is: rights, of which one is enough; method; path. `open` asks for no sign-in, `never` is for nobody.
More is asked where a request says more than its route: see `bodies.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

OPEN, NEVER, SOCKET = "open", "never", "WS"

TABLE = """
open         GET     /health
open         GET     /ready
open         GET     /static/{file}
read         GET     /hello
read         GET     /version
read         GET     /csrf-token
read         GET     /openapi.json
read         GET     /docs
read         GET     /docs/oauth2-redirect
read         GET     /redoc

read         GET     /sendoff/me
unlock       POST    /sendoff/unlock

work,manage  POST    /flows/
manage       PATCH   /flows/{id}
read         GET     /flows/{id}
manage       DELETE  /flows/{id}
read         POST    /flows/count
read         GET     /flows/name/{name}
read         POST    /flows/filter
manage       POST    /flows/bulk_delete
read         POST    /flows/paginate

work         POST    /flow_runs/
work         PATCH   /flow_runs/{id}
read         GET     /flow_runs/{id}
manage       DELETE  /flow_runs/{id}
read         POST    /flow_runs/count
read         POST    /flow_runs/lateness
read         POST    /flow_runs/history
read         GET     /flow_runs/{id}/graph
read         GET     /flow_runs/{id}/graph-v2
answer,approve,work  POST  /flow_runs/{id}/resume
read         POST    /flow_runs/filter
manage       POST    /flow_runs/bulk_delete
never        POST    /flow_runs/bulk_set_state
cancel,work  POST    /flow_runs/{id}/set_state
work         POST    /flow_runs/{id}/input
read         POST    /flow_runs/{id}/input/filter
read         GET     /flow_runs/{id}/input/{key}
work         DELETE  /flow_runs/{id}/input/{key}
read         POST    /flow_runs/paginate
read         GET     /flow_runs/{id}/logs/download
work         PATCH   /flow_runs/{id}/labels
read         GET     /flow_run_states/
read         GET     /flow_run_states/{id}

work         POST    /task_runs/
work         PATCH   /task_runs/{id}
read         GET     /task_runs/{id}
manage       DELETE  /task_runs/{id}
read         POST    /task_runs/count
read         POST    /task_runs/history
read         POST    /task_runs/filter
read         POST    /task_runs/paginate
work         POST    /task_runs/{id}/set_state
work         WS      /task_runs/subscriptions/scheduled
read         GET     /task_run_states/
read         GET     /task_run_states/{id}

manage       POST    /deployments/
manage       PATCH   /deployments/{id}
read         GET     /deployments/{id}
manage       DELETE  /deployments/{id}
read         GET     /deployments/name/{flow_name}/{deployment_name}
read         POST    /deployments/filter
read         POST    /deployments/paginate
work         POST    /deployments/get_scheduled_flow_runs
read         POST    /deployments/count
manage       POST    /deployments/bulk_delete
manage       POST    /deployments/{id}/schedule
manage       POST    /deployments/{id}/resume_deployment
manage       POST    /deployments/{id}/pause_deployment
start,work   POST    /deployments/{id}/create_flow_run
never        POST    /deployments/{id}/create_flow_run/bulk
read         GET     /deployments/{id}/work_queue_check
read         GET     /deployments/{id}/schedules
manage       POST    /deployments/{id}/schedules
manage       PATCH   /deployments/{id}/schedules/{schedule_id}
manage       DELETE  /deployments/{id}/schedules/{schedule_id}

manage       PUT     /saved_searches/
read         GET     /saved_searches/{id}
manage       DELETE  /saved_searches/{id}
read         POST    /saved_searches/filter

work         POST    /logs/
read         POST    /logs/filter
read         WS      /logs/out

work,manage  POST    /concurrency_limits/
read         GET     /concurrency_limits/{id}
manage       DELETE  /concurrency_limits/{id}
read         GET     /concurrency_limits/tag/{tag}
manage       DELETE  /concurrency_limits/tag/{tag}
read         POST    /concurrency_limits/filter
manage       POST    /concurrency_limits/tag/{tag}/reset
work         POST    /concurrency_limits/increment
work         POST    /concurrency_limits/decrement
manage       POST    /v2/concurrency_limits/
read         GET     /v2/concurrency_limits/{id_or_name}
manage       PATCH   /v2/concurrency_limits/{id_or_name}
manage       DELETE  /v2/concurrency_limits/{id_or_name}
read         POST    /v2/concurrency_limits/filter
work         POST    /v2/concurrency_limits/increment
work         POST    /v2/concurrency_limits/increment-with-lease
work         POST    /v2/concurrency_limits/decrement
work         POST    /v2/concurrency_limits/decrement-with-lease
work         POST    /v2/concurrency_limits/leases/{lease_id}/renew

work,manage  POST    /block_types/
read         GET     /block_types/{id}
work,manage  PATCH   /block_types/{id}
manage       DELETE  /block_types/{id}
read         GET     /block_types/slug/{slug}
read         POST    /block_types/filter
read         GET     /block_types/slug/{slug}/block_documents
read         GET     /block_types/slug/{slug}/block_documents/name/{block_document_name}
manage       POST    /block_types/install_system_block_types
manage       POST    /block_documents/
read         POST    /block_documents/filter
read         POST    /block_documents/count
read         GET     /block_documents/{id}
manage       DELETE  /block_documents/{id}
manage       PATCH   /block_documents/{id}
work,manage  POST    /block_schemas/
manage       DELETE  /block_schemas/{id}
read         GET     /block_schemas/{id}
read         POST    /block_schemas/filter
read         GET     /block_schemas/checksum/{checksum}
read         GET     /block_capabilities/
read         GET     /collections/views/{view}

manage       POST    /work_pools/
read         GET     /work_pools/{name}
manage       PATCH   /work_pools/{name}
manage       DELETE  /work_pools/{name}
read         POST    /work_pools/filter
read         POST    /work_pools/count
read         POST    /work_pools/{name}/concurrency_status
work         POST    /work_pools/{name}/get_scheduled_flow_runs
manage       POST    /work_pools/{work_pool_name}/queues
read         GET     /work_pools/{work_pool_name}/queues/{name}
manage       PATCH   /work_pools/{work_pool_name}/queues/{name}
manage       DELETE  /work_pools/{work_pool_name}/queues/{name}
read         POST    /work_pools/{work_pool_name}/queues/filter
work         WS      /work_pools/{work_pool_name}/workers/connect
work         POST    /work_pools/{work_pool_name}/workers/heartbeat
read         POST    /work_pools/{work_pool_name}/workers/filter
work,manage  DELETE  /work_pools/{work_pool_name}/workers/{name}
read         POST    /task_workers/filter
manage       POST    /work_queues/
manage       PATCH   /work_queues/{id}
read         GET     /work_queues/{id}
manage       DELETE  /work_queues/{id}
read         GET     /work_queues/name/{name}
work         POST    /work_queues/{id}/get_runs
read         POST    /work_queues/filter
read         POST    /work_queues/{id}/concurrency_status
read         GET     /work_queues/{id}/status

work         POST    /artifacts/
read         GET     /artifacts/{id}
work         PATCH   /artifacts/{id}
manage       DELETE  /artifacts/{id}
read         GET     /artifacts/{key}/latest
read         POST    /artifacts/filter
read         POST    /artifacts/latest/filter
read         POST    /artifacts/count
read         POST    /artifacts/latest/count

manage       POST    /variables/
read         GET     /variables/{id}
manage       PATCH   /variables/{id}
manage       DELETE  /variables/{id}
read         GET     /variables/name/{name}
manage       PATCH   /variables/name/{name}
manage       DELETE  /variables/name/{name}
read         POST    /variables/filter
read         POST    /variables/count

work         POST    /events
work         WS      /events/in
read         WS      /events/out
read         POST    /events/filter
read         GET     /events/filter/next
read         POST    /events/count-by/{countable}
manage       POST    /automations/
manage       PUT     /automations/{id}
manage       PATCH   /automations/{id}
manage       DELETE  /automations/{id}
read         GET     /automations/{id}
read         POST    /automations/filter
read         POST    /automations/count
read         GET     /automations/related-to/{resource_id}
manage       DELETE  /automations/owned-by/{resource_id}
manage       POST    /templates/validate
manage       POST    /automations/templates/validate

read         POST    /ui/flows/count-deployments
read         POST    /ui/flows/next-runs
read         POST    /ui/flow_runs/history
read         POST    /ui/flow_runs/count-task-runs
read         POST    /ui/schemas/validate
read         POST    /ui/task_runs/dashboard/counts
read         POST    /ui/task_runs/count
read         GET     /ui/task_runs/{id}

read         GET     /admin/settings
read         GET     /admin/version
read         GET     /admin/storage
never        PUT     /admin/storage
manage       DELETE  /admin/storage
"""


class Route(NamedTuple):
    """One line of the table: the rights of which one is enough, the method, and the path's template."""

    rights: frozenset[str]
    method: str
    template: str

    @property
    def is_open(self) -> bool:
        """Tell whether it asks for no sign-in."""
        return OPEN in self.rights

    def allows(self, rights: Iterable[str]) -> bool:
        """Tell whether somebody with these rights may use it."""
        return self.is_open or not self.rights.isdisjoint(rights)


class Routes:
    """The table, to be asked."""

    def __init__(self, table: str = TABLE) -> None:
        lines = (line.split() for line in table.splitlines() if line.strip())
        self.all = tuple(
            Route(frozenset(rights.split(",")), method, template) for rights, method, template in lines
        )
        self._patterns = [(_pattern(route.template), route) for route in self.all]

    def matching(self, method: str, path: str) -> list[Route]:
        """Find what a request may be: often one, none when it is not classified.

        `/flow_runs/filter` may be the run `filter` as well: who asks needs the rights of all that it may be.
        """
        wanted = path.rstrip("/")
        return [
            route for pattern, route in self._patterns if route.method == method and pattern.fullmatch(wanted)
        ]


def _pattern(template: str) -> re.Pattern[str]:
    """Read `{name}` as anything in one part of a path; a slash at the end does not matter."""
    parts = re.split(r"\{[^}]*\}", template.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, parts)))
