"""`make demo` as a newcomer runs it: the real Makefile, in a copy of the checkout."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from examples.ports import free_port

Made = Any  # the class stands in conftest.py, which tests do not import
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("docs"), pytest.mark.timeout(2400)]


def listener(port: int) -> socket.socket | None:
    """Take a port; None when somebody has it."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError:
        taken.close()
        return None
    taken.listen()
    return taken


@pytest.fixture(scope="module")
def approved(make: Callable[..., Made]) -> Made:
    """A demo that asked nobody and has ended, while somebody had the port that it likes best."""
    taken = listener(4200)  # None: somebody has it already
    try:
        ended = make("demo", "APPROVE=yes")
        ended.ends()
    finally:
        if taken:
            taken.close()
    print(re.search(r"After \d+ s", ended.said()))
    return ended


@pytest.fixture(scope="module")
def waiting(make: Callable[..., Made]) -> Made:
    """A demo whose release waits for its approval."""
    running = make("demo", f"PORT={free_port()}")
    running.waits_for("waits for approval of 'go-live'")
    return running


@pytest.fixture(scope="module")
def broken(make: Callable[..., Made]) -> Made:
    """A demo of the version that is not healthy, ended."""
    ended = make("demo", "VERSION=broken", "APPROVE=yes")
    ended.ends()
    return ended


def test_approved_demo_goes_live(approved):
    """It exits with 0 as all hosts serve what was released."""
    assert approved.process.returncode == 0, approved.said()
    assert "Served by the hosts now: web-1 2.4.1, web-2 2.4.1, web-3 2.4.1" in approved.said()


def test_taken_port_is_told(approved):
    """The port that it likes best is taken: it takes another, and says so and how to name one."""
    said = approved.said()
    assert (other := re.search(r"UI is at port (\d+)", said)), said
    assert "4200 is taken" in said
    assert "PORT=" in said
    assert f"http://127.0.0.1:{other[1]}/runs/flow-run/" in said


def test_approved_demo_leaves_nothing(approved):
    """When it has ended, nothing that it started is running."""
    assert approved.left() == []


def test_second_demo_is_refused(waiting, make):
    """A second demo in a folder would take the hosts of the first away: it says so and ends."""
    second = make("demo")
    assert second.ends() != 0
    assert "an example runs here already" in second.said()
    assert "stop it first" in second.said()
    assert waiting.process.poll() is None


def test_ctrl_c_leaves_nothing(waiting):
    """Interrupted while it waits, it stops all that it started and gives every port back."""
    hosts = yaml.safe_load((waiting.checkout / ".demo" / "catalog" / "hosts.yaml").read_text())["hosts"]
    ports = [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)/runs/", waiting.said())]
    ports += [host["port"] for host in hosts.values()]
    assert len(ports) == 4
    assert waiting.left()
    waiting.ctrl_c()
    assert waiting.ends() != 0
    assert waiting.left() == []
    for port in ports:
        taken = listener(port)
        assert taken, f"port {port} is still taken"
        taken.close()


def test_broken_fails(broken):
    """A release that was undone is no success."""
    assert broken.process.returncode != 0, broken.said()


def test_broken_says_why(broken):
    """Whoever reads the terminal learns which check failed, where, and that it was put back."""
    said = broken.said()
    assert "check health failed: web-1 answered 503 instead of 200" in said, said
    assert "prices/eur.json is missing from this build" in said
    assert "web-1: put back, 2.4.0 is live again" in said
    assert re.search(r"undone: .*2\.4\.0 is live again on all 3 hosts", said), said


def test_broken_leaves_nothing(broken):
    """When it has ended, nothing that it started is running."""
    assert broken.left() == []


def test_unknown_version_is_refused(make):
    """A version that the storefront does not have is answered with those that it has."""
    refused = make("demo", "VERSION=9.9.9")
    assert refused.ends() != 0
    assert "expected one of 2.3.0, 2.4.0, 2.4.1, broken" in refused.said()


def test_named_port_that_is_taken_is_refused(make):
    """A port that was asked for by name is not replaced in silence."""
    taken = listener(0)
    assert taken
    with taken:
        port = taken.getsockname()[1]
        refused = make("demo", f"PORT={port}")
        assert refused.ends() != 0
    assert f"PORT={port}: is no port that is free" in refused.said()
