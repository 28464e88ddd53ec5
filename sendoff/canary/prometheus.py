"""Numbers out of a server that speaks Prometheus' HTTP API, such as Prometheus, Thanos or Mimir."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import httpx

from sendoff.errors import StepErrored

TIMEOUT = 30.0  # seconds for one answer, all together
MOST = 4 << 20  # bytes of an answer; 11,000 values, the most that Prometheus gives, are a tenth of it
SHOWN = 200  # characters of what a server says


class Prometheus:
    """A server at an address without user and query, asked without credentials. Redirects are refused."""

    def __init__(
        self, url: str, timeout: float = TIMEOUT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.url, self.timeout, self.clock = url.rstrip("/"), timeout, clock

    def number(self, query: str, at: datetime) -> float | None:
        """Ask for one number at a time; None when there is no series. StepErrored when there are several."""
        data = self._asked("query", {"query": query, "time": f"{at.timestamp():.3f}"})
        kind, result = data.get("resultType"), data.get("result")
        if kind == "scalar":
            return self._read(query, result)
        series = self._one_series(query, kind, result, "vector")
        return None if series is None else self._read(query, series.get("value"))

    def values(self, query: str, start: datetime, end: datetime, every: float) -> tuple[float, ...]:
        """Ask for one value at the end of each whole stretch of so many seconds; gaps are left out."""
        count = int((end - start).total_seconds() // every)
        if count < 1:
            return ()
        first = start + timedelta(seconds=every)
        asked = {
            "query": query,
            "start": f"{first.timestamp():.3f}",
            "end": f"{(start + timedelta(seconds=count * every)).timestamp():.3f}",
            "step": f"{every:.3f}",
        }
        data = self._asked("query_range", asked)
        series = self._one_series(query, data.get("resultType"), data.get("result"), "matrix")
        return () if series is None else tuple(self._read(query, each) for each in series.get("values", ()))

    def _one_series(self, query: str, kind: Any, result: Any, expected: str) -> Any:
        if kind != expected or not isinstance(result, list):
            raise self._failed(query, f"came to a {kind}", "numbers of one series", "correct the query")
        if len(result) > 1:
            raise self._failed(query, f"came to {len(result)} series", "one", "put sum(…) around it")
        return result[0] if result else None

    def _read(self, query: str, sample: Any) -> float:
        try:
            _, value = sample
            return float(value)
        except (TypeError, ValueError):
            what = f"came to {str(sample)[:SHOWN]!r}"
            raise self._failed(query, what, "a time and a number", "see to that server") from None

    def _asked(self, path: str, words: Mapping[str, str]) -> dict[str, Any]:
        query = words["query"]
        try:
            status, body, elsewhere = self._get(f"{self.url}/api/v1/{path}", words)
        except httpx.TimeoutException:
            what = f"was not answered within {self.timeout:g} s"
            raise self._failed(query, what, "an answer", "see to that server, or ask for less") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            what = f"could not be asked ({error or type(error).__name__})"
            raise self._failed(query, what, "an answer", "see to that server and the network") from None
        answer: Any = None
        with suppress(ValueError):
            answer = json.loads(body)
        is_api = isinstance(answer, dict) and answer.get("status") in ("success", "error")
        if status != 200 or not is_api or answer["status"] == "error":
            said = f" ({answer.get('errorType')}: {str(answer.get('error'))[:SHOWN]})" if is_api else ""
            what = f"was answered with {status}{elsewhere}{said}"
            raise self._failed(query, what, "200 with numbers in Prometheus' form", _advice(status, is_api))
        data = answer.get("data")
        return data if isinstance(data, dict) else {}

    def _get(self, url: str, words: Mapping[str, str]) -> tuple[int, bytes, str]:
        """Read an answer whole, within time and size; also where else it sends who asks."""
        until, body = self.clock() + self.timeout, b""
        with (
            httpx.Client(timeout=self.timeout, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, params=dict(words)) as answer,
        ):
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST:
                    raise httpx.ReadError(f"more than {MOST >> 20} MiB", request=answer.request)
                if self.clock() > until:
                    raise httpx.ReadTimeout("the answer took too long", request=answer.request)
            elsewhere = " to another address" if answer.has_redirect_location else ""
            return answer.status_code, body, elsewhere

    def _failed(self, query: str, what: str, expected: str, advice: str) -> StepErrored:
        return StepErrored(f"{self.url}: the query {query!r} {what}, expected {expected}; {advice}")


def _advice(status: int, is_api: bool) -> str:
    if status in (401, 403):
        return "give an address that answers without credentials"
    if 300 <= status < 400:
        return "correct `url` to the address that it is sent on to"
    if is_api and 400 <= status < 500:
        return "correct the query"
    if status in (200, 404):
        return "correct `url`: /api/v1/query has to be under it"
    return "see to that server, then try again"
