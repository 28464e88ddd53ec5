"""The web server: the page, its static files, orders, /health and /version."""

from __future__ import annotations

import hashlib
import json
import logging
import mimetypes
import re
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shop import health, orders, prices
from shop.tree import Tree

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
NEVER = "no-store"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
PRICE = re.compile(r"\{price:([a-z0-9-]+)\}")


class ShopServer(ThreadingHTTPServer):
    """The listening socket and what all requests share."""

    daemon_threads = False  # closing waits for the requests under way

    def __init__(self, address: tuple[str, int], tree: Tree, data: Path) -> None:
        self.tree, self.data = tree, data
        self.page = (tree.root / "pages" / "index.html").read_text("utf-8")
        # Only what was there at the start is ever served: no request names a path on disk.
        self.static = {f"/static/{file.name}": file.read_bytes() for file in (tree.root / "static").iterdir()}
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what broke; a customer who hangs up is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            logging.exception("request from %s", client_address)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ShopServer
    timeout = 5

    def do_GET(self) -> None:
        """Answer with a page, a static file or what is known of this server."""
        path = urlsplit(self.path).path
        if path == "/":
            self._page()
        elif path == "/health":
            self._health()
        elif path == "/version":
            self._json(200, {"version": self.server.tree.version, "commit": self.server.tree.commit})
        elif path in self.server.static:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            self._answer(200, self.server.static[path], kind, FOR_EVER)
        else:
            self._json(404, {"error": "there is nothing here"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Take an order."""
        if urlsplit(self.path).path != "/orders":
            return self._json(404, {"error": "there is nothing here"})
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > orders.LARGEST:
            return self._json(413, {"error": f"an order has at most {orders.LARGEST} bytes"})
        try:
            price_list = prices.read(self.server.tree.root)
            placed = orders.place(self.rfile.read(int(length)), price_list, self.server.data)
        except orders.OrderRefused as refused:
            return self._json(400, {"error": str(refused)})
        except (OSError, ValueError) as error:
            logging.error("order lost: %s", error)
            return self._json(503, {"error": "no order can be taken now"})
        return self._json(201, placed)

    def _page(self) -> None:
        try:
            price_list = prices.read(self.server.tree.root)
        except (OSError, ValueError):
            price_list = {}
        page = PRICE.sub(lambda slot: prices.shown(price_list.get(slot[1])), self.server.page)
        self._answer(200, page.encode(), HTML, ASK_AGAIN)

    def _health(self) -> None:
        reasons = health.problems(self.server.tree, self.server.data)
        status = "unhealthy" if reasons else "ok"
        body = {"status": status, "version": self.server.tree.version, "reasons": reasons}
        self._json(503 if reasons else 200, body)

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._answer(status, json.dumps(body, sort_keys=True).encode() + b"\n", JSON, NEVER)

    def _answer(self, status: int, body: bytes, kind: str, caching: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        is_known = caching != NEVER and etag in self.headers.get("If-None-Match", "")
        self.send_response(304 if is_known else status)
        if caching != NEVER:
            self.send_header("ETag", etag)
        if not is_known:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", caching)
        self.end_headers()
        if not is_known and self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        """Add what every response says, errors as well."""
        self.send_header("X-Version", self.server.tree.version)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        super().end_headers()

    def version_string(self) -> str:
        """Name the server without telling which Python it runs on."""
        return "storefront"

    def log_message(self, format: str, *args: Any) -> None:
        """Log through `logging`, which bounds the file."""
        logging.info("%s %s", self.address_string(), format % args)


def serve(server: ShopServer) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way."""

    def leave(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    with server:
        server.serve_forever(poll_interval=0.05)
