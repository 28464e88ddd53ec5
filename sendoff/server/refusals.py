"""Why a request goes no further."""

from __future__ import annotations

from sendoff.errors import PolicyRefused


class NotLetIn(PolicyRefused):
    """Refused before Prefect sees it; `status` is the code of HTTP, `after` when to try again."""

    def __init__(self, said: str, status: int = 403, after: float = 0.0) -> None:
        super().__init__(said)
        self.status, self.after = status, after
