"""How a step is made durable: once a run, retried only when machinery broke, on many hosts at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import TerminationSignal
from prefect.futures import PrefectFuture, as_completed, wait
from prefect.tasks import Task

from sendoff.errors import Fenced, SendoffError, StepErrored
from tasks import order
from tasks.errand import Errand
from tasks.errands import brought, called_off
from tasks.run import Run
from tasks.sites import apart

HostKey = order.HostKey


def once_a_run(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    """Key a step by (release, step, target), so that a resumed run does not do it again."""
    run: Run = inputs["run"]
    words = [str(inputs[name]) for name in ("target", "host") if name in inputs]
    return "-".join((run.id, context.task.name, *words)).replace(" ", "-")


def machinery_broke(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Tell whether trying again may help: a verdict and a refusal stay what they are."""
    return isinstance(state.result(raise_on_failure=False), StepErrored)


RETRIED: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [1, 5],
    "retry_condition_fn": machinery_broke,
    "persist_result": True,
    "cache_policy": NO_CACHE,
}
ONCE: dict[str, Any] = {**RETRIED, "cache_policy": CacheKeyFnPolicy(cache_key_fn=once_a_run)}


@dataclass
class Served:
    """What came of a step on many hosts: a result, or the error, for each."""

    results: dict[HostKey, Any] = field(default_factory=dict)
    errors: dict[HostKey, SendoffError] = field(default_factory=dict)


class Progress:
    """A progress artifact in the UI, of hosts served so far."""

    def __init__(self, run: Run, doing: str, total: int) -> None:
        self.total, self.done = total, 0
        self.id: UUID = create_progress_artifact(  # type: ignore[assignment]
            progress=0.0,
            key=f"progress-{run.place.application}-{run.place.environment}",
            description=f"{doing}: 0 of {total} hosts",
        )
        self.doing = doing

    def advance(self) -> None:
        """Count one more host as served; of many hosts, show each twentieth part."""
        self.done = min(self.done + 1, self.total)  # a host that is tried again counts once
        if self.done % max(1, self.total // 20) and self.done < self.total:
            return
        text = f"{self.doing}: {self.done} of {self.total} hosts"
        update_progress_artifact(self.id, progress=100.0 * self.done / self.total, description=text)


def on_hosts(
    run: Run, task: Task[..., Any], hosts: Sequence[HostKey], progress: Progress | None = None, **inputs: Any
) -> Served:
    """Run a task on hosts side by side and wait for all; Sendoff's own errors are collected.

    On the hosts of another site its worker runs the task; a run without a deployment asks no other worker.
    When the run is stopped from outside, what is under way on a host is waited for, and no more is begun.
    """
    here, elsewhere = apart(hosts, run.site_of, run.site) if hosts and _is_deployed() else (hosts, {})
    errands = [Errand(run, site, task, theirs, inputs) for site, theirs in elsewhere.items()]
    futures: dict[PrefectFuture[Any], HostKey] = {}
    try:
        for errand in errands:
            errand.send()
        for target, host in here:
            futures[task.submit(run=run, target=target, host=host, **inputs)] = (target, host)
        return _collected(hosts, chain(_ended(futures), brought(run, errands)), progress)
    except (KeyboardInterrupt, TerminationSignal):
        run.stopping.set()
        called_off(errands)
        wait(list(futures))
        raise


def _is_deployed() -> bool:
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.deployment_id)


def _ended(futures: dict[PrefectFuture[Any], HostKey]) -> Iterator[tuple[HostKey, object]]:
    for future in as_completed(list(futures)):
        yield futures[future], future.result(raise_on_failure=False)


def _collected(
    hosts: Sequence[HostKey], came: Iterable[tuple[HostKey, object]], progress: Progress | None
) -> Served:
    """Take what comes, in whichever order it does; give it in the order of the hosts."""
    served = Served()
    foreign: list[BaseException] = []
    for key, result in came:
        if isinstance(result, SendoffError):
            served.errors[key] = result
        elif isinstance(result, BaseException):
            foreign.append(result)
        else:
            served.results[key] = result
        if progress:
            progress.advance()
    if foreign:
        raise next((error for error in foreign if isinstance(error, Fenced)), foreign[0])
    return Served(
        results={key: served.results[key] for key in hosts if key in served.results},
        errors={key: served.errors[key] for key in hosts if key in served.errors},
    )


def told(errors: Mapping[HostKey, SendoffError]) -> str:
    """Put the errors of several hosts into one text, a line each."""
    return "\n".join(
        f"{host}: {error}" if host not in str(error) else str(error) for (_, host), error in errors.items()
    )
