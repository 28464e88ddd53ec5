"""Prefect's API as this server itself sees it: in the same process, signed in with a secret of its own."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from starlette.types import ASGIApp

from sendoff.server.refusals import NotLetIn


class Inside:
    """Asks Prefect's app."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self.app, self.secret = app, secret
        self.authorization = f"Basic {base64.b64encode(secret.encode()).decode()}"
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://prefect/api",
            headers={"authorization": self.authorization},
            timeout=60,
        )

    async def get(self, path: str) -> Any:
        """Read something; None when there is no such thing."""
        answer = await self._client.get(path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _good(answer).json()

    async def patch(self, path: str, body: Any) -> None:
        """Change something."""
        _good(await self._client.patch(path, json=body))


def _good(answer: httpx.Response) -> httpx.Response:
    """Refuse as Prefect does what it cannot say now, so that clients try again where they would there."""
    if answer.is_success:
        return answer
    raise NotLetIn("Prefect: did not answer, expected it to; nothing was done, try again", answer.status_code)
