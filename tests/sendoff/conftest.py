"""A network between a worker and the S3 server that fails when told to, and what AWS says of who asks."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Network(ThreadingHTTPServer):
    """Passes requests on, unless `fault` says otherwise of one.

    It may answer in the server's place, or say `dropped` (the request does not arrive), `lost` (the answer
    does not), or `late` (whoever sent it is hung up on, and it arrives after the next one).
    """

    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = urlsplit(server).netloc
        self.fault: Callable[[str, str], tuple[int, str] | str | None] = lambda method, path: None
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[str] = []
        self._later: list[Callable[[], object]] = []
        self._holding = threading.Lock()

    def once(self, method: str, answer: tuple[int, str] | str, times: int = 1, having: str = "") -> None:
        """Answer the next requests of a method, whose path has some text, in this way."""
        left = [answer] * times

        def fault(asked: str, path: str) -> tuple[int, str] | str | None:
            return left.pop() if asked == method and having in path and left else None

        self.fault = fault

    def nth(self, number: int, answer: tuple[int, str] | str) -> None:
        """Answer the request of this number from now on, the first one being 0, in this way, and no other."""
        numbers = itertools.count()
        self.fault = lambda method, path: answer if next(numbers) == number else None

    def delay(self, request: Callable[[], object]) -> None:
        """Keep a request for later."""
        with self._holding:
            self._later.append(request)

    def settle(self) -> None:
        """Pass on what was kept for later."""
        with self._holding:
            late, self._later = self._later, []
        for request in late:
            request()


class Passing(BaseHTTPRequestHandler):
    """Passes one request on, with the host it was signed for."""

    server: Network
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait 40 ms

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _pass(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault(self.command, self.path)
        if isinstance(fault, tuple):
            return self._answer(fault[0], {}, f"<Error><Code>{fault[1]}</Code></Error>".encode())
        if fault in ("dropped", "late"):
            self.close_connection = True
            if fault == "late":
                self.server.delay(lambda: self._upstream(body))
            return None
        answer, content = self._upstream(body)
        self.server.settle()
        if fault == "lost":
            self.close_connection = True
            return None
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        return self._answer(answer.status, {**headers, "Content-Length": length}, content)

    def _upstream(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def network(s3: Any) -> Iterator[Network]:
    """Give a way to the S3 server that can be disturbed."""
    server = Network(s3.endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


STS = {
    "AssumeRole": """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ROLES</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>""",
    "GetCallerIdentity": """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/pages</Arn><UserId>AIDA</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>""",
}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, list[str]]]]:
    """Answer, in recorded shapes, who asks who they are or takes on a role; gives what was asked."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            answer = STS[asked[-1]["Action"][0]].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_address[1]}")
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()
