"""Checks against a real server on this machine; time is made up."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from examples.ports import free_port
from sendoff.checks import MOST_BODY, MOST_SAID, CheckResult, excerpt, run_check
from sendoff.errors import HostUnreachable
from sendoff.spec.models import CommandCheck, HttpCheck, InvokeCheck
from sendoff.targets.protocol import CommandResult
from tests.kit.serving import Handler, serving


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Server:
    """Answers requests one after the other with what was prepared; the last answer stays."""

    port: int = 0
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(200, {}, b"fine")])
    asked: list[str] = field(default_factory=list)
    marked: list[str | None] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.hang.set()

    class Prepared(Handler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.marked.append(self.headers.get("X-Release"))
            made.hang.wait(10)
            status, headers, body = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.answer(status, body, headers)

    with serving(Prepared) as running:
        made.port = running.server_port
        yield made
        made.hang.set()


def ask(port: int, time: Time | None = None, **options: Any) -> CheckResult:
    defaults = {"kind": "http", "name": "health", "url": "http://{address}:{port}/health?v={version}"}
    check = HttpCheck.model_validate(defaults | options)
    values = {"address": "127.0.0.1", "port": str(port), "version": "2.4.1"}
    time = time or Time()
    return run_check(check, "web-1", values, None, release="2.4.1-x", clock=time.clock, sleep=time.sleep)


def test_a_good_answer(server: Server) -> None:
    """It passes at once; the placeholders were filled."""
    result = ask(server.port)
    assert (result.passed, result.tries, result.host, result.name) == (True, 1, "web-1", "health")
    assert result.said.startswith("web-1 answered 200 in ")
    assert server.asked == ["/health?v=2.4.1"]


def test_headers_are_sent(server: Server) -> None:
    """Their values are filled as the address is."""
    assert ask(server.port, headers={"X-Release": "dark-{version}"}).passed
    assert server.marked == ["dark-2.4.1"]


def test_a_bad_status_until_the_deadline(server: Server) -> None:
    """It is tried again and again, and the sentence says what came how often in which time."""
    server.answers = [(503, {}, b"")]
    result = ask(server.port, deadline=10, interval=1)
    assert not result.passed
    assert result.said == "web-1 answered 503 instead of 200, 10 times in 9 s"
    assert (result.tries, result.seconds) == (10, 9)


def test_a_bad_status_brings_the_reason_along(server: Server) -> None:
    """What the page says is why: it reaches those who read the report."""
    server.answers = [(503, {}, b'{"status": "unhealthy",\n "problems": ["prices/eur.json is missing"]}')]
    said = ask(server.port, deadline=0.5).said
    assert said == (
        "web-1 answered 503 instead of 200, once; "
        """it said: '{"status": "unhealthy", "problems": ["prices/eur.json is missing"]}'"""
    )


def test_a_good_page_is_not_quoted_for_a_bad_header(server: Server) -> None:
    """Only what explains the failure is told."""
    server.answers = [(200, {"X-Version": "2.4.0"}, b"fine")]
    assert "it said" not in ask(server.port, deadline=0.5, version_header="X-Version").said


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", ""),
        (" \r\n\t ", ""),
        ("one\n two\x00\x1b[31m", "'one two [31m'"),
        ("x" * MOST_SAID, f"'{'x' * MOST_SAID}'"),
        ("x" * 10_000, f"'{'x' * (MOST_SAID - 1)}…'"),
    ],
)
def test_an_excerpt_is_short_and_on_one_line(text: str, quoted: str) -> None:
    """No line break, no control character, no endless page."""
    assert excerpt(text) == quoted


def test_it_comes_right_in_time(server: Server) -> None:
    """A start that takes a while is no failure."""
    server.answers = [(503, {}, b""), (404, {}, b""), (200, {}, b"")]
    result = ask(server.port, interval=2)
    assert (result.passed, result.tries, result.seconds) == (True, 3, 4)


@pytest.mark.parametrize(
    ("options", "answer", "said"),
    [
        ({"body": "all \\w+"}, (200, {}, b"it is all well"), None),
        (
            {"body": "all good"},
            (200, {}, b"broken"),
            "without 'all good' in its body, once; it said: 'broken'",
        ),
        ({"body": "all good"}, (200, {}, b" \n"), "without 'all good' in its body, once; it said: nothing"),
        ({"version_header": "X-Version"}, (200, {"x-version": "2.4.1"}, b""), None),
        ({"version_header": "X-Version"}, (200, {"X-Version": "2.4.0"}, b""), "'2.4.0' in X-Version instead"),
        ({"version_header": "X-Version"}, (200, {}, b""), "said version None in X-Version"),
        ({"status": 404}, (404, {}, b""), None),
        ({}, (302, {"Location": "/login"}, b""), "answered 302 (to '/login') instead of 200"),
        ({"status": 302}, (302, {"Location": "/login"}, b""), None),
        ({"body": "end$"}, (200, {}, bytes(MOST_BODY) + b"end"), "without 'end$'"),
    ],
)
def test_what_is_expected(
    server: Server, options: dict[str, object], answer: tuple[int, dict[str, str], bytes], said: str | None
) -> None:
    """Status, body and version; redirects are answers, and of a long body only the start is read."""
    server.answers = [answer]
    result = ask(server.port, deadline=0.5, **options)
    assert result.passed is (said is None)
    assert said is None or said in result.said


def test_a_slow_answer(server: Server) -> None:
    """An answer that takes longer than allowed fails, though it is right."""
    time = Time()
    ticks = iter([1000.0, 1000.0, 1000.0, 1000.0] + [1002.5] * 50)
    time.clock = lambda: next(ticks)  # type: ignore[method-assign]
    result = ask(server.port, time, latency="1s", deadline=2)
    assert not result.passed
    assert "took 2.50 s to answer instead of at most 1 s" in result.said


def test_no_answer(server: Server) -> None:
    """A server that hangs is a failed try."""
    server.hang.clear()
    result = ask(server.port, timeout=0.2, deadline=0.5)
    assert not result.passed
    assert "did not answer http://127.0.0.1" in result.said


def test_nobody_listens() -> None:
    """A refused connection is a failed try."""
    result = ask(free_port(), deadline=0.5)
    assert not result.passed
    assert "could not be asked" in result.said


@pytest.mark.parametrize(
    "url", ["http://", "nonsense", "ftp://x/", "http://[::1", "http://a b/", "http://ü\u2028/"]
)
def test_an_address_that_is_none(url: str) -> None:
    """An odd address is a failed try, never a traceback."""
    assert not ask(1, url=url, deadline=0.5).passed


class Shell:
    """A host that only runs commands, as prepared."""

    name = "web-1"

    def __init__(self, *results: CommandResult | Exception) -> None:
        self.results, self.ran = list(results), []  # type: ignore[var-annotated]

    def run(
        self, command: Sequence[str], release: str, timeout: float, env: object, once: str = ""
    ) -> CommandResult:
        self.ran.append((tuple(command), release, timeout))
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def command(target: Any, **options: Any) -> CheckResult:
    defaults = {"kind": "command", "name": "smoke", "command": ["bin/smoke", "{version}"]}
    check, time = CommandCheck.model_validate(defaults | options), Time()
    return run_check(
        check, "web-1", {"version": "2"}, target, release="2-x", clock=time.clock, sleep=time.sleep
    )


def test_a_command_that_comes_right() -> None:
    """Other codes and a host that was away are tries; the command runs in the release."""
    shell = Shell(
        CommandResult(code=1, output="", seconds=0.1),
        HostUnreachable("web-1: gone"),
        CommandResult(code=0, output="ok", seconds=0.1),
    )
    result = command(shell)
    assert (result.passed, result.tries) == (True, 3)
    assert shell.ran[0] == (("bin/smoke", "2"), "2-x", 30)


def test_a_command_that_fails() -> None:
    """The code and its last words are told."""
    shell = Shell(CommandResult(code=3, output="one\nno route\n\n", seconds=0.1))
    result = command(shell, deadline=1)
    assert result.said == "web-1 ran 'bin/smoke 2', which exited with 3 instead of 0 (no route), once"


def test_a_command_check_without_a_host() -> None:
    """It cannot pass, and says why."""
    assert "expected a host" in command(None, deadline=1).said


class Function(Shell):
    """A function that only answers, as prepared."""

    facts = deploy = switch = remove = prune = close = Shell.run

    def invoke(self, release: str, payload: str, timeout: float) -> CommandResult:
        return self.run((payload,), release, timeout, {})


def invoke(target: Any, **options: Any) -> CheckResult:
    check, time = (
        InvokeCheck.model_validate({"kind": "invoke", "name": "sum", "deadline": 1} | options),
        Time(),
    )
    return run_check(check, "api", {}, target, release="2-x", clock=time.clock, sleep=time.sleep)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (CommandResult(code=0, output='{"total": 3}', seconds=0.1), None),
        (
            CommandResult(code=0, output='{"total": 4}', seconds=0.1),
            """api answered without '"total": 3', once; it said: '{"total": 4}'""",
        ),
        (
            CommandResult(code=1, output="KeyError: items", seconds=0.1),
            "api failed when it was invoked, once; it said: 'KeyError: items'",
        ),
        (HostUnreachable("api: gone\nfor good"), "api could not be invoked (api: gone), once"),
    ],
    ids=["right", "wrong", "failed", "away"],
)
def test_a_function_that_is_invoked(result: CommandResult | Exception, said: str | None) -> None:
    """Its version is given the payload; what it answers has to be right, and it must not fail."""
    function = Function(result)
    found = invoke(function, payload="[1, 2]", answer='"total": 3')
    assert found.passed is (said is None)
    assert found.said == (said or "api answered in 100 ms")
    assert function.ran == [(("[1, 2]",), "2-x", 1.0)]


def test_what_cannot_be_invoked() -> None:
    """A host that is no function cannot pass."""
    assert "cannot be invoked for 'sum', expected a function" in invoke(Shell()).said
