"""What is refused before the first effect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flows.rules import refuse
from sendoff.errors import PolicyRefused
from sendoff.spec.intent import Emergency
from sendoff.spec.models import Approval, BreakGlass
from tasks.run import Place

GATE = Approval(kind="approval", name="owner", approvers=("sam",))


def run(
    flow: str = "release",
    *,
    secrets: dict[str, str] | None = None,
    build_secrets: tuple[str, ...] = (),
    command_secrets: tuple[str, ...] = (),
    after: str | None = None,
    lived: tuple[str, ...] = (),
    gates: tuple[Approval, ...] = (),
    requested_by: str = "robin",
    emergency: Emergency | None = None,
    glass: BreakGlass | None = None,
) -> Any:
    fleet = SimpleNamespace(name="web", commands=SimpleNamespace(secrets=command_secrets))
    return SimpleNamespace(
        flow=flow,
        version="2",
        place=Place("shop", "live"),
        secrets=secrets or {},
        file=SimpleNamespace(build=SimpleNamespace(secrets=build_secrets)),
        environment=SimpleNamespace(
            name="live",
            targets=(fleet,),
            after=after,
            gates=gates,
            emergency=glass,
            gate_names=tuple(gate.name for gate in gates),
        ),
        why=SimpleNamespace(requested_by=requested_by, emergency=emergency),
        ledger=SimpleNamespace(
            placements_history=lambda application, environment: [
                SimpleNamespace(version=version) for version in lived
            ]
        ),
    )


def reasons(started: Any) -> list[str]:
    with pytest.raises(PolicyRefused) as refused:
        refuse(started)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    "started",
    [
        run(),
        run(build_secrets=("TOKEN",), secrets={"TOKEN": "x"}),
        run(after="test", lived=("1", "2")),
        run(gates=(GATE,)),
    ],
    ids=["plain", "secret-there", "lived-before", "reachable-gate"],
)
def test_what_can_be_carried_out_is_not_refused(started: Any) -> None:
    """With its secrets, its first environment behind it and its approvers, a release may start."""
    refuse(started)


def test_missing_secrets_are_named() -> None:
    """Each secret is named with what needs it, and where to fill it in."""
    found = reasons(run(build_secrets=("TOKEN",), command_secrets=("PASSWORD",)))
    assert [line.split(": ")[0] for line in found] == ["secret 'PASSWORD'", "secret 'TOKEN'"]
    assert "for the commands of web" in found[0]
    assert "for the build; fill it in, in the block 'Sendoff release secrets' named 'shop'" in found[1]


def test_what_has_not_lived_in_the_environment_before() -> None:
    """`after` asks that this very version went live there."""
    (found,) = reasons(run(after="test", lived=("1",)))
    assert found.startswith("live of shop: 2 has not gone live in 'test' yet")


def test_gates_that_nobody_can_open() -> None:
    """When the only approver asked for the release, nobody could ever agree."""
    (found,) = reasons(run(gates=(GATE,), requested_by="sam"))
    assert found.startswith("gate 'owner': ")


def test_all_reasons_come_at_once() -> None:
    """Nobody has to start again only to hear the next reason."""
    started = run(build_secrets=("TOKEN",), after="test", gates=(GATE,), requested_by="sam")
    assert len(reasons(started)) == 3


@pytest.mark.parametrize("flow", ["rollback", "build", "deploy", "verify"])
def test_only_what_goes_forward_is_gated(flow: str) -> None:
    """A rollback waits for nobody; what brings nothing live does not either."""
    refuse(run(flow, after="test", lived=("2",), gates=(GATE,), requested_by="sam"))


def test_the_way_back_leads_to_what_was_live_there() -> None:
    """Else it would bring something live that nobody has agreed to; nobody is asked on the way back."""
    (found,) = reasons(run("rollback", lived=("1", "3")))
    assert found.startswith("live of shop: 2 was not live there before, or was undone, expected a version")
    refuse(run("rollback", lived=("1", "2")))


def test_gates_that_never_open_together_are_refused() -> None:
    """One person counts once in all: who is needed at two gates is missing at one of them."""
    other = Approval(kind="approval", name="ops", approvers=("Sam", "robin"))
    (reason,) = reasons(run(gates=(GATE, other)))
    assert reason == (
        "gates 'owner' and 'ops': 2 approvals are asked for in all but only Sam may give one, and one person "
        "counts once in all gates, expected at least 2 people; name more approvers, or have somebody else "
        "ask for the release"
    )
    refuse(run(gates=(GATE, other), requested_by="dora"))


FIRE = Emergency(skip=("owner",), reason="the shop is down")


def test_an_emergency_needs_no_one_but_the_second_person() -> None:
    """A gate that nobody could open is skipped, and somebody else agrees instead."""
    closed = Approval(kind="approval", name="owner", approvers=("robin",))
    refuse(run(gates=(closed,), emergency=FIRE, glass=BreakGlass()))


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (run(gates=(GATE,), emergency=FIRE), "live does not allow that gates are skipped"),
        (run(emergency=FIRE, glass=BreakGlass()), "live has no gate 'owner'"),
        (run("verify", gates=(GATE,), emergency=FIRE, glass=BreakGlass()), "there is no gate to skip here"),
        (
            run(gates=(GATE,), emergency=FIRE, glass=BreakGlass(approvers=("robin",))),
            "gate 'emergency': 1 approval is asked for but only nobody may give one",
        ),
    ],
    ids=["not allowed", "unknown gate", "no gates here", "nobody else"],
)
def test_emergencies_that_may_not_be(started: Any, said: str) -> None:
    """Only where the release file allows it, for gates that exist, and never alone."""
    (reason,) = reasons(started)
    assert said in reason
