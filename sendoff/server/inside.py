"""Prefect's API as this server itself sees it: in the same process, signed in with a secret of its own."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from starlette.types import ASGIApp


class Inside:
    """Asks Prefect's app."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self.app, self.secret = app, secret
        self.authorization = f"Basic {base64.b64encode(secret.encode()).decode()}"
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://prefect/api",
            headers={"authorization": self.authorization},
            timeout=60,
        )

    async def get(self, path: str) -> Any:
        """Read something; None when there is no such thing."""
        answer = await self._client.get(path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return answer.raise_for_status().json()

    async def patch(self, path: str, body: Any) -> None:
        """Change something."""
        (await self._client.patch(path, json=body)).raise_for_status()
