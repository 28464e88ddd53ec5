"""The example in operation: built for real, started, asked and stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.demo.history import LATEST, VERSIONS

GOOD = [*(version for version in VERSIONS if version != "broken"), "main"]


def is_alive(pid: int) -> bool:
    """Tell a process from one that has ended, though perhaps nobody has collected its exit code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.fixture
def running(shop):
    """The latest version, running."""
    latest = shop(LATEST)
    started = latest.service("start")
    assert started.returncode == 0, started.stderr
    return latest


@pytest.mark.parametrize("version", GOOD)
def test_good_versions_are_healthy(version, shop):
    """A good version starts, is healthy, and says which it is."""
    good = shop(version)
    assert good.service("start").returncode == 0
    health = good.ask("/health")
    assert (health.status, health.json()["reasons"]) == (200, [])
    assert good.ask("/version").json()["version"] == health.headers["X-Version"] == version


def test_broken_starts_and_says_why_it_is_unhealthy(shop):
    """The broken version passes its self-test and starts; only its health tells."""
    broken = shop("broken")
    assert broken.control("selftest").returncode == 0
    assert broken.service("start").returncode == 0
    health = broken.ask("/health")
    assert health.status == 503
    reason = "price list: prices/eur.json is missing from this build: nothing can be sold"
    assert health.json()["reasons"] == [reason]
    assert b"price on request" in broken.ask("/").body


def test_page_shows_products_prices_and_version(running):
    """The page is what customers expect, gift cards and banner of this version included."""
    page = running.ask("/").body.decode()
    for words in ("Harbour mug", "€ 14.50", "Gift card", "free of charge", f"version {LATEST}", "<svg"):
        assert words in page
    assert "{price:" not in page


def test_static_files_are_cached_for_ever(running):
    """A static file has its type and an ETag, and is not sent twice."""
    page = running.ask("/").body.decode()
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    first = running.ask(path)
    assert first.headers["Content-Type"] == "text/css"
    assert "immutable" in first.headers["Cache-Control"]
    again = running.ask(path, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/../VERSION", "/static/%2e%2e/VERSION", "/../../etc/passwd", "//etc/passwd", "/nothing"]
)
def test_serves_nothing_else(path, running):
    """Only the page and what was built as static is served; errors name the version too."""
    answer = running.ask(path)
    assert (answer.status, answer.headers["X-Version"]) == (404, LATEST)


def test_head_has_no_body(running):
    """HEAD gives the headers of GET."""
    head, get = running.ask("/", "HEAD"), running.ask("/")
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


def test_order_is_kept(running):
    """An order is priced and written where releases come and go."""
    placed = running.ask("/orders", "POST", b'{"mug": 2, "lamp": 1}')
    assert (placed.status, placed.json()["total"]) == (201, 9800)
    kept = json.loads((running.tree / "data" / "orders.jsonl").read_text())
    assert kept["items"] == {"mug": 2, "lamp": 1}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b'{"boat": 1}', 400),
        (b'{"mug": 0}', 400),
        (b'{"mug": true}', 400),
        (b'{"mug": "2"}', 400),
        pytest.param(b"[" * 4000, 400, id="deep"),
        pytest.param(b" " * 5000, 413, id="large"),
    ],
)
def test_bad_orders_are_refused(body, status, running):
    """An order that makes no sense is refused and not kept."""
    assert running.ask("/orders", "POST", body).status == status
    assert not (running.tree / "data" / "orders.jsonl").exists()


def test_health_sees_a_changed_file(running):
    """A file changed after the build makes it unhealthy, by name, and the self-test says the same."""
    (running.tree / "prices.json").write_text('{"mug": 1}')
    health = running.ask("/health")
    assert health.status == 503
    assert "prices.json: was changed after the build" in health.json()["reasons"]
    assert "price list: no price for 'lamp'" in health.json()["reasons"]
    assert "prices.json: was changed" in running.control("selftest").stderr


def test_health_sees_that_orders_cannot_be_kept(running):
    """Without its data folder it is unhealthy and takes no order."""
    (running.tree / "data").rmdir()
    health = running.ask("/health")
    assert health.status == 503
    assert "orders cannot be kept" in health.json()["reasons"][0]
    assert running.ask("/orders", "POST", b'{"mug": 1}').status == 503


@pytest.mark.parametrize("content", ["", "[]", '{"files": 1}', "not json"])
def test_health_sees_a_spoiled_manifest(content, running):
    """A manifest that cannot be read is a reason, not a crash."""
    (running.tree / "manifest.json").write_text(content)
    assert running.ask("/health").json()["reasons"][0].startswith("manifest.json: cannot be read")


def test_selftest_sees_what_does_not_compile(shop):
    """A program that does not compile fails the self-test."""
    latest = shop(LATEST)
    (latest.tree / "shop" / "server.py").write_text("def")
    failed = latest.control("selftest")
    assert failed.returncode == 1
    assert "shop/server.py: does not compile" in failed.stderr


def test_restart_brings_another_version_quickly(running, shop):
    """Restart puts another tree's version in the place of what runs, without waiting out any time limit."""
    other = shop("2.3.0")
    began = time.monotonic()
    assert other.service("restart").returncode == 0
    took = time.monotonic() - began
    assert other.ask("/version").json()["version"] == "2.3.0"
    assert took < 5  # a third of a second when the machine has nothing else to do


def test_start_twice_is_no_news(running):
    """Starting what runs leaves it alone."""
    pid = running.pid()
    assert running.service("start").returncode == 0
    assert running.pid() == pid


def test_start_does_not_replace_another_version(running, shop):
    """Start refuses when another version runs, and says what to do."""
    refused = shop("2.3.0").service("start")
    assert refused.returncode == 1
    assert f"version {LATEST}" in refused.stderr
    assert "use restart" in refused.stderr
    assert running.ask("/version").json()["version"] == LATEST


def test_starts_at_once_give_one_server(shop):
    """Of several starts at the same moment one wins and all agree."""
    latest = shop(LATEST)
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: latest.service("start").returncode, range(4)))
    assert codes == [0, 0, 0, 0]
    assert latest.ask("/health").status == 200


def test_port_taken_is_said(shop):
    """When another program has the port, start fails at once with the reason."""
    latest = shop(LATEST)
    with socket.create_server(("127.0.0.1", latest.port)):
        failed = latest.service("start")
    assert failed.returncode == 1
    assert f"did not start on port {latest.port}" in failed.stderr
    assert "Address already in use" in failed.stderr
    assert latest.service("status").returncode == 3


def test_stop_leaves_nothing_running(running):
    """After stop the process is gone and the port is free; a second stop is no news."""
    pid = running.pid()
    assert running.service("stop").returncode == 0
    assert not is_alive(pid)
    assert not running.is_listening()
    assert running.service("stop").stdout == "stopped: nothing was running\n"
    assert running.service("status").returncode == 3


def test_stop_spares_a_stranger_with_the_old_pid(running, shop):
    """After a crash the pid may be somebody else's: it is not touched."""
    os.kill(running.pid(), signal.SIGKILL)
    record = json.loads((running.state / "pid").read_text())
    with_our_pid = json.dumps(record | {"pid": os.getpid()})
    (running.state / "pid").write_text(with_our_pid)
    assert running.service("stop").stdout == "stopped: nothing was running\n"


def test_request_under_way_is_answered_before_it_leaves(running):
    """SIGTERM lets a customer finish an order that has begun."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as customer:
        customer.sendall(b'POST /orders HTTP/1.0\r\nContent-Length: 10\r\n\r\n{"mug"')
        assert running.ask("/version").status == 200  # so the connection before it was accepted
        os.kill(running.pid(), signal.SIGTERM)
        customer.sendall(b": 1}")
        assert customer.recv(100).startswith(b"HTTP/1.0 201")


def test_leaves_the_tree_as_it_was_built(running):
    """Running writes nothing into the release."""
    running.ask("/health")
    assert not list(running.tree.rglob("*.pyc"))
    assert not list((running.tree / "data").iterdir())
