"""Move traffic: switch hosts to a release batch by batch, and back when it is not good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from prefect import task

from sendoff.artifact.manifest import version_of
from sendoff.errors import CheckFailed, CommandFailed, Fenced, SendoffError, StepErrored, Stopped, Undone
from sendoff.ledger.models import Event
from sendoff.plan.models import Batch, Plan
from sendoff.spec.placeholders import fill
from sendoff.targets.protocol import Outcome
from tasks.canary import through_canary
from tasks.check import check_live_on, checked
from tasks.durable import RETRIED, HostKey, Progress, Served, on_hosts, told
from tasks.facts import look_at
from tasks.hold import hold
from tasks.left_out import leave_out, left_out
from tasks.questions import unsettled
from tasks.run import Run, hosts_in
from tasks.trouble import Errors, Work, carry_through

LIMIT = "the limit of failures"
UNFORESEEN = "something unforeseen broke"


@task(name="go live on", task_run_name="go live on {host}", **RETRIED)
def go_live_on(run: Run, target: str, host: str, plan: Plan) -> Outcome:
    """Run the commands before, switch, run the commands after."""
    release = plan.subject.release_name
    commands = run.fleet(target).commands
    with run.step("go-live", target, host) as step:
        _run_all(run, target, host, release, "go-live/before", commands.before, unless_live=release)
        outcome = _switch(run, target, host, plan, release)
        _run_all(run, target, host, release, "go-live/after", commands.after)
        return step.came_to(outcome)


@task(name="put back", task_run_name="put {host} back", **RETRIED)
def put_back(run: Run, target: str, host: str, plan: Plan) -> Outcome:
    """Switch a host back to what was live on it before this run, or to nothing when nothing was."""
    previous = plan.previous(host)
    commands = run.fleet(target).commands
    with run.step("undo", target, host) as step:
        if previous is None:
            new = plan.subject.release_name
            _run_all(run, target, host, new, "undo/withdraw", commands.withdraw, unless_live="")
        outcome = _switch(run, target, host, plan, previous, undo=True)
        if previous is not None:
            _run_all(run, target, host, previous, "undo/after", commands.after)
        return step.came_to(outcome)


def go_live(run: Run, plan: Plan) -> None:
    """Make it live, batch by batch; beyond a fleet's limit of failures, undo all that was switched.

    Hosts on which the machinery broke are put to a person. While people are asked, all stays as it is.
    """
    progress = Progress(run, f"Go live with {plan.subject.version}", len(hosts_in(plan.batches)))
    try:
        if begun := run.ledger.last(run.id, ("release.undoing",)):
            raise CheckFailed(begun.body["why"])  # a process died, or people were asked, meanwhile
        asked = unsettled(run)  # its answer holds, so nothing is tried elsewhere before it is carried out
        for batch in sorted(plan.batches, key=lambda each: not asked or asked.place != _place(each)):
            _go_live_batch(run, plan, batch, progress)
    except (Fenced, Stopped):  # another process goes on with it, or people want it left as it is
        raise
    except Exception as error:  # whatever it was, no host stays half-way
        said = run.mask(str(error) if isinstance(error, SendoffError) else f"{UNFORESEEN}: {error!r}")
        if not (back := undo(run, plan, said)):
            raise
        raise Undone(f"{said}\nPut back to what was live before: {', '.join(back)}") from error


def undo(run: Run, plan: Plan, because: str) -> list[str]:
    """Put back every host that serves this run's release, the last switched first; asks the hosts which do.

    What is begun is written down first: if this process dies, the next one goes on with it, and not forward.
    Returns the hosts, and with those that could not be put back or seen, why.
    """
    errors: dict[HostKey, SendoffError] = {}

    def put_all_back(_: list[HostKey]) -> Errors:
        seen = on_hosts(run, look_at, hosts)
        errors.clear()
        left = _not_back(run, plan, seen)
        if not (left or run.has_switched()):
            return {}
        run.record("release.undoing", {"why": because}, key="undoing")
        found = dict(seen.errors)
        for key in reversed(left):
            found.update(_put_back_all(run, plan, [key]))
        errors.update({key: error for key, error in found.items() if not isinstance(error, StepErrored)})
        return {key: error for key, error in found.items() if isinstance(error, StepErrored)}

    never = {key for key, body in left_out(run).items() if not body["place"].startswith("go-live")}
    hosts = [key for key in run.everywhere() if key not in never]
    stuck = ""
    try:
        carry_through(run, Work("undo", hosts, put_all_back, of=len(hosts), because=because))
    except Stopped as stopped:
        stuck = str(stopped)
    begun = run.ledger.last(run.id, ("release.undoing",))
    if begun is None:
        return []
    moves = run.ledger.events(run.id, ("host.live",), after=begun.number)
    bad = {host for _, host in errors}
    back = [host for _, host in _hosts(moves, undo=True) if host not in bad]
    if stuck or errors:
        lines = "\n".join(part for part in (stuck, told(errors)) if part)
        back.append(f"NOT put back, or not seen to be: look at these hosts:\n{lines}")
    return back


def _not_back(run: Run, plan: Plan, seen: Served) -> list[HostKey]:
    """List the hosts that serve this run's release, or that it has put back but not to the end of it."""
    moved = run.ledger.events(run.id, ("host.live",))
    done = run.ledger.events(run.id, ("step.done",))
    half_way = {*_hosts(moved, undo=False)} - {*_hosts(done, action="undo", failed=False)}
    return [
        key
        for key, facts in seen.results.items()
        if facts.live == plan.subject.release_name != plan.previous(key[1])
        or facts.canary == plan.subject.release_name
        or (key in half_way and facts.live == plan.previous(key[1]))
    ]


def _hosts(events: Iterable[Event], **wanted: object) -> list[HostKey]:
    chosen = [event.body for event in events if all(event.body[name] == wanted[name] for name in wanted)]
    return list(dict.fromkeys((body["target"], body["host"]) for body in chosen))


def _place(batch: Batch) -> str:
    return f"go-live/{batch.number}"


def _go_live_batch(run: Run, plan: Plan, batch: Batch, progress: Progress) -> None:
    place = _place(batch)
    hold(run, place, batch.hosts)
    run.say(f"batch {batch.number}: {', '.join(batch.hosts)}")

    def switch(hosts: list[HostKey]) -> Errors:
        errors = _switch_and_check(run, plan, hosts, progress)
        broken = {key: error for key, error in errors.items() if isinstance(error, StepErrored)}
        bad = {key: error for key, error in errors.items() if key not in broken}
        if sum(target == batch.target for target, _ in [*left_out(run), *bad]) > batch.max_failures and bad:
            raise CheckFailed(told(errors))
        if bad:
            _let_go(run, plan, list(bad))
            leave_out(run, place, {key: run.mask(str(each)) for key, each in bad.items()}, LIMIT)
        return broken

    hosts = [(batch.target, host) for host in batch.hosts]
    let_go = partial(_let_go, run, plan)
    carry_through(run, Work(place, hosts, switch, of=len(hosts_in(plan.batches)), let_go=let_go))


def _switch_and_check(run: Run, plan: Plan, hosts: list[HostKey], progress: Progress) -> Errors:
    errors = through_canary(run, plan, hosts)
    ready = [key for key in hosts if key not in errors]
    switched = on_hosts(run, go_live_on, ready, progress, plan=plan)
    errors.update(switched.errors)
    release, good = plan.subject.release_name, checked(run, "live", switched.results)
    errors.update(on_hosts(run, check_live_on, good, release=release).errors)
    return errors


def _let_go(run: Run, plan: Plan, hosts: list[HostKey]) -> None:
    """Put hosts back that the release goes on without; one that cannot be is left to people."""
    if not_back := _put_back_all(run, plan, hosts):
        run.say(f"NOT put back, look at these hosts:\n{told(not_back)}")


def _put_back_all(run: Run, plan: Plan, hosts: Sequence[HostKey]) -> dict[HostKey, SendoffError]:
    back = on_hosts(run, put_back, hosts, plan=plan)
    errors = dict(back.errors)
    for target, host in back.results:
        previous = plan.previous(host)
        if previous is not None:
            again = checked(run, "live", [(target, host)])
            errors.update(on_hosts(run, check_live_on, again, release=previous).errors)
    return errors


def _switch(run: Run, target: str, host: str, plan: Plan, release: str | None, undo: bool = False) -> Outcome:
    outcome = run.host(target, host).switch(release)
    before = plan.previous(host)
    new = release == plan.subject.release_name
    known = run.ledger.release_named(release) if release and not new else None
    body = {
        "application": run.place.application,
        "environment": run.place.environment,
        "target": target,
        "host": host,
        "version": version_of(release) if release else None,
        "release_name": release,
        "digest": plan.subject.digest if new else known and known.digest,
        "commit": plan.subject.commit if new else known and known.commit,
        "previous": plan.subject.release_name if undo else before,
        "undo": undo,
    }
    run.record("host.live", body, key=f"{'undo' if undo else 'live'}/{target}/{host}")
    return outcome


def _run_all(
    run: Run,
    target: str,
    host: str,
    release: str,
    moment: str,
    commands: Sequence[Sequence[str]],
    unless_live: str | None = None,
) -> None:
    """Run commands in their order; one that a killed process has run to its end already is not run again."""
    words = run.fleet(target).commands
    secrets = {name: run.secrets[name] for name in words.secrets}
    values = run.values(target, host, release)
    for number, command in enumerate(commands, start=1):
        filled = tuple(fill(word, values) for word in command)
        once = f"{run.id}/{moment}/{number}"
        result = run.host(target, host).run(filled, release, words.timeout, secrets, once, unless_live)
        if result.code:
            raise CommandFailed(host, filled, result.code, run.mask(result.output))
