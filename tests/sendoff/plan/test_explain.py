"""Gates and checks are told in words that somebody who has to agree understands."""

from __future__ import annotations

import pytest

from sendoff.plan.explain import canary_words, check_words, command_words, gate_words
from sendoff.spec.canary import Canary
from sendoff.spec.models import Approval, CommandCheck, HttpCheck, InvokeCheck, Quorum


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (
            Approval(kind="approval", name="go", approvers=("alice", "bob"), count=2),
            "asks 2 of alice and bob; the one who asked for the release may not approve",
        ),
        (
            Approval(
                kind="approval",
                name="go",
                approvals=(Quorum(group="product"), Quorum(group="ops", count=2)),
                answers_expire=86400,
                remind_after=600,
                escalate_after=3600,
                escalate_to="duty",
                expires_after=7200,
            ),
            "asks 1 of product and 2 of ops; the one who asked for the release may not approve; "
            "an approval counts for 1 d; reminds after 10 min; asks duty as well after 1 h; "
            "expires after 2 h",
        ),
        (
            Approval(kind="approval", name="go", requester_may_approve=True),
            "asks 1 person, whoever it is; the one who asked for the release may approve",
        ),
    ],
)
def test_a_gate_says_who_has_to_agree(gate: Approval, words: str) -> None:
    """Who, how many, and whether the requester counts."""
    assert gate_words(gate) == words


def test_a_bare_http_check_says_its_status() -> None:
    """What is not asked for is not mentioned."""
    check = HttpCheck(kind="http", name="up", url="http://{address}/", deadline=90)
    assert check_words(check) == (
        "'http://{address}/' answers with status 200; after the switch, within 1 min 30 s"
    )


def test_a_full_http_check_says_all_it_asks() -> None:
    """Body, header and latency are told too."""
    check = HttpCheck(
        kind="http", name="up", url="http://a/", body="ok", version_header="X-Version", latency=0.5
    )
    words = check_words(check)
    assert "has 'ok' in its body" in words
    assert "says the version in the header 'X-Version' and takes at most 0.5 s" in words


def test_a_command_check_says_when_it_looks() -> None:
    """Dark checks look before the release gets traffic."""
    check = CommandCheck(kind="command", name="starts", command=("bin/app", "--check"), when="dark")
    assert check_words(check).startswith("'bin/app --check' exits with 0 on the host; before")


def test_commands_are_quoted_as_typed() -> None:
    """A word with spaces stays one word, and a newline stays in its line."""
    assert command_words([["a", "b c"]]) == "\"a 'b c'\""
    assert "\n" not in command_words([["a", "b\nc"]])


def test_an_invoked_function_says_what_it_answers() -> None:
    """It says what the new version is given, of which targets, and what it has to answer."""
    check = InvokeCheck(kind="invoke", name="sum", payload="[1]", answer="1", when="canary", targets=("api",))
    assert check_words(check) == (
        "the new version, invoked with '[1]', answers with '1' (api only); "
        "while it has a part of the traffic, within 30 s"
    )


@pytest.mark.parametrize(
    ("without_data", "unless"), [("undo", ", or if nobody can tell of errors"), ("go on", "")]
)
def test_a_canary_says_its_steps_and_what_decides(without_data: str, unless: str) -> None:
    """Each share has a line, and so has what is compared; what happens without data is said."""
    errors = {
        "kind": "failures",
        "name": "errors",
        "source": {"kind": "prometheus", "url": "https://prometheus.example"},
        "failures": "errors",
        "total": "requests",
        "without_data": without_data,
    }
    steps = [{"weight": 10, "soak": "5m"}, {"weight": 50, "soak": "1h"}]
    assert list(canary_words(Canary.model_validate({"steps": steps, "compare": [errors]}))) == [
        "give it 10 % of the traffic, and watch it for 5 min",
        "give it 50 % of the traffic, and watch it for 1 h",
        f"at each step, compare errors with the release before; undo if it is worse{unless}",
    ]
