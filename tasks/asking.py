"""Wait for the answer to a form. A plain function: Prefect suspends flows, never tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import dropwhile
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import Abort
from prefect.input import Keyset, RunInput
from prefect.input.actions import delete_flow_run_input, read_flow_run_input
from prefect.input.run_input import keyset_from_base_key
from pydantic import ValidationError

from sendoff.errors import Fenced
from sendoff.signers import Signer
from tasks.pausing import pause_flow_run, suspend_flow_run
from tasks.run import Run
from tasks.stamps import signer

A_YEAR = 365 * 86400


class Form(RunInput):
    """A form that is there before its run waits: a run that waits can always be answered."""

    @classmethod
    def write(cls, keyset: Keyset) -> None:
        """Write the form, in place of one that a process has left which died before its run waited."""
        for name in (keyset["schema"], keyset["description"]):
            if read_flow_run_input(name) is not None:
                delete_flow_run_input(name)
        cls.save(keyset)


class StampedForm(Form):
    """A form where people sign in: the server puts its stamp in, and shows nobody that there is one."""

    stamp: str = ""


@dataclass(frozen=True)
class Given:
    """What was answered, and when: its fields as text, all that was said, and the key of the question."""

    fields: dict[str, str]
    said: dict[str, Any]
    question: str
    at: datetime | None = None

    def by(self, run: Run, typed: str) -> Signer:
        """Tell who answered: whom the stamp proves where people sign in, else whom they say they are.

        StampRefused, and an event in the ledger, when it is no good.
        """
        if run.settings.signed_by is None:
            return Signer(name=typed, at=self.at)
        return signer(run.ledger, run.settings, "answer", run.id, self.said, self.question)


def answer_to(
    model: type[Form],
    key: str,
    before: Callable[[str], None] | None = None,
    why: str | Callable[[], str] = "",
    after: Callable[[str], None] | None = None,
) -> Given | None:
    """Suspend until there is an answer; a run without a deployment pauses where it is.

    None when such a run was woken and nobody had answered. A run with a deployment begins from its top then.

    Args:
        model: What is asked
        key: The name of the question; it is asked under this, or under this and a number when a process died
            that had asked: Prefect suspends no run twice under one key
        before: What is done before it is asked, with the key
        why: Why it waits, on whom and until when, in a sentence, or what says so once `before` is done: the
            message of its state
        after: What is done once it is suspended, with the key, before its process ends
    """
    run = this_run()
    given, asked = _look(model, run, key)
    if given is not None:
        return given
    if before:
        before(asked)
    keyset = _keyset(run, asked)
    model.write(keyset)
    message = why if isinstance(why, str) else why()
    _wait(run, asked, message, after, wait_for_input=model)
    return _given(model, keyset, asked)


def answered(model: type[Form], key: str) -> Given | None:
    """Give the answer to a question that is there already; asks nobody."""
    return _look(model, this_run(), key)[0]


def wait_until_woken(
    key: str,
    before: Callable[[str], None],
    why: str = "",
    after: Callable[[str], None] | None = None,
) -> None:
    """Suspend without a question, or pause where it is; `before` is told its key, to have it woken."""
    run = this_run()
    seen = _seen(run)
    held = next(each for each in _keys(key) if each not in seen)
    before(held)
    _wait(run, held, why, after)


def kind_of_form(run: Run) -> type[Form]:
    """Give what the forms of a run are made from."""
    return Form if run.settings.signed_by is None else StampedForm


def this_run() -> FlowRun:
    """Give the flow run that this is."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("people are asked inside a flow run")
    return context.flow_run


def _look(model: type[Form], run: FlowRun, key: str) -> tuple[Given | None, str]:
    """Find the answer to a question; without one, the key under which it is to be asked."""
    seen = _seen(run)
    for asked in _keys(key):
        given = _given(model, _keyset(run, asked), asked)
        if given is not None or asked not in seen:
            break
    return given, asked


def _keyset(run: FlowRun, asked: str) -> Keyset:
    return keyset_from_base_key(f"{'suspended' if run.deployment_id else 'paused'}-{asked}")


def _wait(run: FlowRun, key: str, message: str, after: Callable[[str], None] | None, **asks: Any) -> None:
    """Suspend, or pause; Fenced when this is not the run's process any more, as far as the server knows."""
    try:
        if run.deployment_id:
            suspend_flow_run(key=key, message=message, after=partial(after, key) if after else None, **asks)
        else:
            pause_flow_run(key=key, message=message, timeout=A_YEAR, **asks)
    except Abort as reason:
        raise Fenced(f"the server says that the run is not this process's any more: {reason}") from reason


def _keys(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}--{number}"  # no name of ours has two dashes at its end; Prefect takes nothing else
        number += 1


def _seen(run: FlowRun) -> set[str]:
    """Read under which keys the run has waited before."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run.id).empirical_policy.pause_keys or set()


def _given(model: type[Form], keyset: Keyset, asked: str) -> Given | None:
    said: Any = read_flow_run_input(keyset["response"])
    return None if said is None else replace(filled_in(model, said, asked), at=_resumed_at(asked))


def _resumed_at(key: str) -> datetime | None:
    """Tell when a question was answered: its process may come back much later."""
    with get_client(sync_client=True) as client:
        return resumed_at(client.read_flow_run_states(this_run().id), key)


def resumed_at(states: Sequence[State[Any]], key: str) -> datetime | None:
    """Tell when a run went on after it had waited under a key; None when it did not."""
    in_order = sorted(states, key=lambda state: state.timestamp)
    after = dropwhile(lambda state: state.state_details.pause_key != key, in_order)
    return next((state.timestamp for state in after if not state.is_paused()), None)


def filled_in(model: type[Form], said: dict[str, Any], question: str) -> Given:
    """Read what was filled in; no field of it when it does not fit, as then nobody has used the form."""
    try:
        filled = model.model_validate(said)
    except ValidationError:
        return Given({}, said, question)
    return Given({name: str(getattr(filled, name)) for name in model.model_fields}, said, question)
