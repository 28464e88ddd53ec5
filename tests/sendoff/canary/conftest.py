"""A real Prometheus with a past of its own, which also scrapes; and a server that answers as it is told."""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.ports import free_port
from tests.kit.serving import Handler, serving

EVERY = 15  # seconds between two samples of the past
DEADLINE = 60.0  # seconds until it answers; some of them on a busy machine


@dataclass
class Past:
    """What Prometheus knows of 20 minutes some hours ago: version 1, and version 2 that fails more.

    1 had 10 requests in each 15 s, and none failed: there is no series of failures. 2 had 5, one of which
    failed. 1 took 0.2 s and a bit, 2 took twice as long; of its minutes 3 to 5 nothing is known, and its
    second value is no number.
    """

    start: datetime
    minutes: int = 20

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)

    def text(self) -> str:
        moments = [self.start + timedelta(seconds=n * EVERY) for n in range(self.minutes * 60 // EVERY + 1)]
        return "\n".join(
            [
                "# TYPE requests counter",
                *self._series('requests_total{version="1",code="200"}', moments, lambda n: 10 * n),
                *self._series('requests_total{version="2",code="200"}', moments, lambda n: 4 * n),
                *self._series('requests_total{version="2",code="500"}', moments, lambda n: n),
                "# TYPE latency gauge",
                *self._series('latency{version="1"}', moments, lambda n: 0.2 + n / 10_000),
                *self._series('latency{version="2"}', moments, self._latency),
                "# EOF\n",
            ]
        )

    def _latency(self, number: int) -> float | None:
        minute = number * EVERY // 60
        if minute == 2:
            return float("nan")
        return None if 3 <= minute <= 5 else 0.4 + number / 10_000

    def _series(self, name: str, moments: list[datetime], value: Any) -> Iterator[str]:
        for number, at in enumerate(moments):
            if (found := value(number)) is not None:
                yield f"{name} {found} {at.timestamp():.0f}".replace("nan", "NaN")


@dataclass
class Running:
    """A Prometheus that runs, and the past that it knows."""

    url: str
    past: Past


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start Prometheus on loopback, which scrapes two versions of an application each second."""
    folder = tmp_path_factory.mktemp("prometheus")
    past = Past(datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=4))
    (folder / "past").write_text(past.text())
    backfill = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "past", "data")
    subprocess.run(backfill, cwd=folder, check=True, capture_output=True, timeout=60)
    with exporter() as port:
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\n"
            f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        )
        with started(folder) as url:
            yield Running(url, past)


class started:
    """Runs Prometheus in a folder until the block is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        for _ in range(3):  # others may take its port before it does
            port = free_port()
            words = (
                "prometheus",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{port}",
            )
            with (self.folder / "log").open("wb") as log:
                self.process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log)
            if self._is_ready(self.process, f"http://127.0.0.1:{port}"):
                return f"http://127.0.0.1:{port}"
            self.__exit__()
        told = (self.folder / "log").read_text(errors="replace")[-2000:]
        pytest.fail(f"Prometheus does not start:\n{told}", pytrace=False)

    def _is_ready(self, process: subprocess.Popen[bytes], url: str) -> bool:
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                    return True
            time.sleep(0.1)
        return False

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def exporter() -> Iterator[int]:
    """Show an application: at each scrape, 40 requests more of each version, of which 2 fails some."""
    scrapes = itertools.count(1)

    class Exporter(Handler):
        def do_GET(self) -> None:
            n = next(scrapes)
            body = (
                f'live_total{{version="1",code="200"}} {40 * n}\n'
                f'live_total{{version="2",code="200"}} {36 * n}\n'
                f'live_total{{version="2",code="500"}} {4 * n}\n'
                f'live_latency{{version="1"}} {1 + n / 1000}\n'
                f'live_latency{{version="2"}} {2 + n / 1000}\n'
            )
            self.answer(200, body.encode(), {"Content-Type": "text/plain; version=0.0.4"})

    with serving(Exporter) as server:
        yield server.server_port


@dataclass
class Answering:
    """A server that gives one answer to all; `slow`: a byte at a time, until the test is over."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slow: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Listen on loopback."""
    kept = Answering()

    class Told(Handler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            if not kept.slow:
                self.answer(kept.status, kept.body, kept.headers)
                return
            self.send_response(kept.status)
            self.send_header("Content-Length", str(len(kept.body)))
            self.end_headers()
            for byte in kept.body:
                self.wfile.write(bytes([byte]))
                if kept.over.wait(0.05):
                    return

    with serving(Told) as server:
        kept.url = server.address
        yield kept
        kept.over.set()


@pytest.fixture
def moment() -> datetime:
    """Give a time for what does not look at it."""
    return datetime(2026, 1, 1, tzinfo=UTC)
