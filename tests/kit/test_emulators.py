"""Emulators start, answer, forget, listen on nothing but loopback, and leave nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.processes import in_folder, tree
from tests.kit.emulators import Emulator, Ministack, Moto
from tests.kit.packing import packed

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws")]

LISTENS = "0A"  # in /proc/net/tcp
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
CODE = "def handler(event, context): return [event, context.function_version]"


@pytest.fixture(params=[Moto, Ministack])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Emulator]:
    """One that only this test uses, not yet started."""
    made: Emulator = request.param(tmp_path)
    yield made
    made.stop()


def run_code(emulator: Emulator) -> object:
    """Make a function, call its first version, and give what it answers."""
    functions = emulator.client("lambda")
    functions.create_function(
        FunctionName="told",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{emulator.account}:role/any",
        Handler="app.handler",
        Code={"ZipFile": packed({"app.py": CODE})},
        Publish=True,
    )
    active = functions.get_waiter("published_version_active")
    active.wait(FunctionName="told", Qualifier="1", WaiterConfig={"Delay": 1})
    answer = functions.invoke(FunctionName="told", Payload=b'{"a": 1}', Qualifier="1")
    return json.loads(answer["Payload"].read())


def listening(pids: list[int]) -> dict[str, set[str]]:
    """Tell by port on which addresses some processes listen, as the kernel writes them."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                sockets.add(str(descriptor.readlink()))
    found: dict[str, set[str]] = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                found.setdefault(str(int(port, 16)), set()).add(address)
    return found


def test_answers_and_forgets(emulator: Emulator) -> None:
    """What is written is read, in the account and region that are said, until it has to forget it."""
    parameters = emulator.client("ssm")
    parameters.put_parameter(Name="/app/live", Value="1.0", Type="String")
    found = parameters.get_parameter(Name="/app/live")["Parameter"]
    assert found["Value"] == "1.0"
    assert found["ARN"] == f"arn:aws:ssm:eu-central-1:{emulator.account}:parameter/app/live"
    assert emulator.client("sts").get_caller_identity()["Account"] == emulator.account
    emulator.reset()
    with pytest.raises(parameters.exceptions.ParameterNotFound):
        parameters.get_parameter(Name="/app/live")


def test_listens_on_loopback_only(own: Emulator) -> None:
    """It has one port, which nobody reaches from elsewhere."""
    own.start()
    assert own.process
    found = listening(tree(own.process.pid))
    assert found == {str(own.port): found[str(own.port)]}
    assert found[str(own.port)] <= LOOPBACK


def test_leaves_nothing(tmp_path: Path) -> None:
    """Stopped, neither it nor what it started to run code runs on."""
    emulator = Ministack(tmp_path)
    emulator.start()
    try:
        assert run_code(emulator) == [{"a": 1}, "1"]
        assert len(in_folder(tmp_path)) == 2
    finally:
        emulator.stop()
    assert in_folder(tmp_path) == []


def test_says_why_it_does_not_start(own: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words are shown when it ends before it answers."""
    monkeypatch.setattr(type(own), "command", ("sh", "-c", "echo no room; exit 1"))
    with pytest.raises(RuntimeError, match=rf"{own.name}: does not answer[^\n]*\nno room"):
        own.start()
