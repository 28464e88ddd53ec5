"""A network between a client and a server of AWS's protocols that fails when told to."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.kit.serving import Handler, Server, running

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")

Fault = tuple[int, str] | str | float
"""What befalls a request.

A status and a code of an error: the network answers in the server's place, in the shape of the protocol that
was asked in. `throttled`: it does so with what that protocol has for it. `dropped`: the request does not
arrive. `lost`: the answer does not. `late`: whoever sent it is hung up on, and it arrives after the next one.
A number: the answer takes so many seconds more.
"""


class Network(Server):
    """Passes requests on, unless `fault` says otherwise of one, by its method and name.

    The name of a request is its path, followed by its operation where that does not stand in the path.
    """

    def __init__(self, server: str) -> None:
        super().__init__(Passing)
        self.upstream = urlsplit(server).netloc
        self.fault: Callable[[str, str], Fault | None] = lambda method, name: None
        self.endpoint = self.address
        self.seen: list[str] = []
        self._later: list[Callable[[], object]] = []
        self._holding = threading.Lock()

    def once(self, method: str, answer: Fault, times: int = 1, having: str = "") -> None:
        """Answer the next requests of a method, whose name has some text, in this way."""
        left = [answer] * times

        def fault(asked: str, name: str) -> Fault | None:
            return left.pop() if asked == method and having in name and left else None

        self.fault = fault

    def nth(self, number: int, answer: Fault) -> None:
        """Answer the request of this number from now on, the first one being 0, in this way, and no other."""
        numbers = itertools.count()
        self.fault = lambda method, name: answer if next(numbers) == number else None

    def heal(self) -> None:
        """Pass all on from now on."""
        self.fault = lambda method, name: None

    def keep(self, request: Callable[[], object]) -> None:
        """Keep a request for later."""
        with self._holding:
            self._later.append(request)

    def settle(self) -> None:
        """Pass on what was kept for later."""
        with self._holding:
            late, self._later = self._later, []
        for request in late:
            request()


def disturbed(endpoint: str) -> AbstractContextManager[Network]:
    """Give a way to a server that can be disturbed."""
    return running(Network(endpoint))


class Passing(Handler):
    """Passes one request on, with the host it was signed for."""

    server: Network
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait 40 ms

    def _pass(self) -> None:
        body = self.body()
        protocol, operation = asked(self.headers, body)
        name = f"{self.path} {operation}" if operation else self.path
        self.server.seen.append(f"{self.command} {name}")
        fault = self.server.fault(self.command, name)
        if fault == "throttled":
            fault = THROTTLED[protocol]
        if isinstance(fault, tuple):
            return self._answer(fault[0], *refusal(protocol, fault[1]))
        if fault in ("dropped", "late"):
            self.close_connection = True
            if fault == "late":
                self.server.keep(lambda: self._upstream(body))
            return None
        answer, content = self._upstream(body)
        self.server.settle()
        if fault == "lost":
            self.close_connection = True
            return None
        if isinstance(fault, float):
            time.sleep(fault)
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        with suppress(ConnectionError):  # who gave up waiting has hung up
            self._answer(answer.status, {**headers, "Content-Length": length}, content)
        return None

    def _upstream(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _pass

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


THROTTLED = {
    "rest-xml": (503, "SlowDown"),
    "query": (400, "Throttling"),
    "json": (400, "ThrottlingException"),
    "rest-json": (429, "TooManyRequestsException"),
}


def asked(headers: Any, body: bytes) -> tuple[str, str]:
    """Tell in which protocol a request is, and its operation, where that is not in the path."""
    service = SERVICE.search(headers.get("Authorization", ""))
    if service is None or service[1] == "s3":
        return "rest-xml", ""
    if target := headers.get("X-Amz-Target"):
        return "json", target.rpartition(".")[2]
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return "query", parse_qs(body.decode())["Action"][0]
    return "rest-json", ""


def refusal(protocol: str, code: str) -> tuple[dict[str, str], bytes]:
    """Write an error as a protocol has it: headers and content."""
    error = f"<Error><Code>{code}</Code></Error>"
    if protocol == "rest-xml":
        return {}, error.encode()
    if protocol == "query":
        return {}, f"<ErrorResponse>{error}</ErrorResponse>".encode()
    return {"x-amzn-errortype": code}, json.dumps({"__type": code, "message": "the network says so"}).encode()
