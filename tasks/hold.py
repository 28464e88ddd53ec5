"""Hold a release at a safe point for as long as its environment may not be changed.

Plain functions: Prefect suspends flows, never tasks. What puts back is never held.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from prefect.client.orchestration import get_client

from sendoff.ledger.models import MOVES, Event
from sendoff.timing.prospect import prospect
from sendoff.timing.rules import Leave, Rules, may_ship
from sendoff.timing.standing import HELD, standing_of
from sendoff.timing.words import copied, held, on_whom
from tasks.asking import this_run, wait_until_woken
from tasks.holding import answers, ask
from tasks.questions import unsettled
from tasks.run import Run
from tasks.waking import wake, wake_at
from tasks.when import rules_now

LOOK_AGAIN = timedelta(hours=1)  # calendars are changed, and lines are let go while a server is away
SOON = timedelta(minutes=5)  # a calendar that cannot be read may be there again


def hold(run: Run, place: str, hosts: Collection[str] = ()) -> bool:
    """Wait until the environment may be changed; tells whether it had to wait.

    What this run has begun at that place, or was asked about there, is carried out first: no batch is left
    half-way.

    Args:
        run: The run
        place: The step that comes next, such as deploy or go-live/2
        hosts: The hosts that it is about; none means all
    """
    if run.flow not in HELD or unsettled(run, place) or _is_begun(run, place, hosts):
        return False
    has_waited = False
    while True:
        now = run.now()
        rules = rules_now(run, now)
        leave = may_ship(rules, now)
        if leave.allowed:
            _let_go(run)
            return has_waited
        _wait(run, place, rules, leave, now)
        has_waited = True


def hold_while_unread(run: Run, place: str) -> None:
    """Wait while a calendar cannot be read: nobody knows then whether people agreed to these rules."""
    if rules_now(run, run.now()).unread:
        hold(run, place)


def _is_begun(run: Run, place: str, hosts: Collection[str]) -> bool:
    """Tell whether this run has changed some of these hosts at that place before."""
    action = place.partition("/")[0]
    done = [each.body for each in run.ledger.events(run.id, ("step.done",)) if each.body["action"] == action]
    if action == "go-live":
        done += [each.body for each in run.ledger.events(run.id, MOVES)]
    return any(not hosts or body["host"] in hosts for body in done)


def _wait(run: Run, place: str, rules: Rules, leave: Leave, now: datetime) -> None:
    """Write down why, and wait: for the clock, for whoever lets the line go, or for the owner of a freeze."""
    standing = standing_of(run.ledger.events(run.id), run.ledger.leases(), now)
    found = prospect(rules, standing, now)
    said = held(leave, found) + copied(rules)
    _write_down(run, place, leave, found.moment, said)
    unread = any(reason.kind == "calendar" for reason in leave.reasons)
    look = min(now + (SOON if unread else LOOK_AGAIN), found.free or now + LOOK_AGAIN)
    stopped = any(reason.kind == "line" for reason in leave.reasons)
    freezes = [reason for reason in leave.reasons if reason.kind == "freeze"]

    def before(key: str) -> None:
        wake_at(run, key, look)

    def after(key: str) -> None:
        if stopped:
            _wake_if_let_go(run, key)

    if freezes:
        ask(run, place, freezes, said, before, after)
    else:
        wait_until_woken(f"hold-{place.replace('/', '-')}-{len(answers(run)) + 1}", before, said, after)


def _wake_if_let_go(run: Run, key: str) -> None:
    """Wake at once what was about to wait just as the line was let go: nobody else knows that it waits."""
    now = run.now()
    if may_ship(rules_now(run, now), now).allowed:
        _wake(key)


def _wake(key: str) -> None:
    with get_client(sync_client=True) as client:
        wake(client, client.read_flow_run(this_run().id), key)


def _write_down(run: Run, place: str, leave: Leave, following: datetime | None, said: str) -> None:
    """Record it once, and again only when the reasons have changed."""
    reasons = [each.model_dump(mode="json") for each in leave.reasons]
    known = _open_hold(run)
    if known and known.body["reasons"] == reasons:
        return
    body = {
        "place": place,
        "said": said,
        "on": on_whom(leave),
        "until": following.isoformat() if following else None,
        "reasons": reasons,
    }
    number = len(run.ledger.events(run.id, ("release.held",))) + 1
    run.record("release.held", body, key=f"held-{number}")
    run.say(said)


def _let_go(run: Run) -> None:
    if known := _open_hold(run):
        body = {"place": known.body["place"], "held": known.number, "said": known.body["said"]}
        run.record("release.let_go", body, key=f"let-go-{known.number}")
        run.say("it may go on now")


def _open_hold(run: Run) -> Event | None:
    """Find what holds the run, as it was written down last."""
    last = run.ledger.last(run.id, ("release.held", "release.let_go"))
    return last if last and last.kind == "release.held" else None
