"""What is refused before the first effect, all reasons at once."""

from __future__ import annotations

from collections.abc import Iterator

from sendoff.emergency import objections
from sendoff.errors import PolicyRefused
from sendoff.gates import possible, too_few, unreachable
from sendoff.gates.people import key_of
from sendoff.report.words import listing
from tasks.gates import GATED, gates_of
from tasks.run import Run


def refuse(run: Run) -> None:
    """Refuse what could not be carried out as it was asked for."""
    reasons = [*_missing_secrets(run)]
    reasons += objections(run.environment, run.why.emergency, run.flow in GATED)
    if run.flow in GATED:
        reasons += [*_not_yet_due(run), *_unreachable_gates(run)]
    if run.flow == "rollback":
        reasons += _never_live(run)
    if reasons:
        raise PolicyRefused("\n".join(reasons))


def _missing_secrets(run: Run) -> Iterator[str]:
    named = dict.fromkeys(run.file.build.secrets, "the build")
    for fleet in run.environment.targets:
        named |= dict.fromkeys(fleet.commands.secrets, f"the commands of {fleet.name}")
    for name, user in sorted(named.items()):
        if name not in run.secrets:
            yield (
                f"secret {name!r}: has no value, expected one for {user}; "
                f"fill it in, in the block 'Sendoff release secrets' named {run.place.application!r}"
            )


def _not_yet_due(run: Run) -> Iterator[str]:
    before = run.environment.after
    if before is None:
        return
    lived = run.ledger.placements_history(run.place.application, before)
    if run.version not in {past.version for past in lived}:
        yield (
            f"{run.place}: {run.version} has not gone live in {before!r} yet, expected that first; "
            f"release it to {before!r}, then start again"
        )


def _never_live(run: Run) -> Iterator[str]:
    """Refuse what nobody has agreed to there: no gate, window or freeze stands in the way back."""
    lived = run.ledger.placements_history(run.place.application, run.place.environment)
    if run.version not in {past.version for past in lived}:
        yield (
            f"{run.place}: {run.version} was not live there before, or was undone, "
            "expected a version that was; start a release to bring it there"
        )


def _unreachable_gates(run: Run) -> Iterator[str]:
    gates, who = gates_of(run), run.why.requested_by
    alone = [reason for gate in gates if (reason := unreachable(gate, who))]
    yield from alone
    if not alone and (few := too_few(gates, who)):
        asked = sum(gate.count for gate in few)
        people = {key_of(name): name for gate in few for name in possible(gate, who)}
        may = listing(people.values(), otherwise="nobody")
        yield (
            f"gates {listing(repr(gate.name) for gate in few)}: {asked} approvals are asked for in all but "
            f"only {may} may give one, and one person counts once in all gates, expected at least {asked} "
            "people; name more approvers, or have somebody else ask for the release"
        )
