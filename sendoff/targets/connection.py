"""The connection of a target to one service of AWS; no foreign exception comes out of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from botocore.config import Config

from sendoff.errors import SendoffError, StepErrored
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.client import session
from sendoff.objects.s3.faults import AccessRefused, AddressRefused, boundary
from sendoff.spec.cloud import CloudTarget
from sendoff.targets.aws import CONFIG, caller, elsewhere, obstacle

ADVICE: dict[type[SendoffError], str] = {
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here, or what they may do",
    AddressRefused: "correct `endpoint` and `region` in the release file or in the target's block",
    StepErrored: "see to AWS and the network, then try again",
}


class Connection:
    """One service, reached when it is first asked; may be used from many threads at once.

    `tries`: how often a request is sent that is not answered well; as botocore is set up here unless said.
    """

    def __init__(
        self, service: str, target: CloudTarget, access: Access, *, tries: int | None = None
    ) -> None:
        self._service, self._target, self._access = service, target, access
        retries = Config(retries={"mode": "standard", "total_max_attempts": tries}) if tries else None
        self._config = CONFIG.merge(retries) if retries else CONFIG
        self._connecting = threading.Lock()
        self._client: Any = None

    @property
    def client(self) -> Any:
        """Give the client; botocore tries again by itself what was throttled, lost or failed there."""
        with self._connecting:
            if self._client is None:
                self._client = self.connect(self._config)
            return self._client

    def connect(self, config: Config) -> Any:
        """Make a client of its own, for what asks in another way; whoever does closes it."""
        asking: Any = session(self._access, self._target.region)
        return asking.client(self._service, endpoint_url=self._target.endpoint, config=config)

    @property
    def elsewhere(self) -> str | None:
        """Give the address of the server when it is none of AWS."""
        with self.asking("connecting"):
            return elsewhere(self.client.meta.endpoint_url)

    def asking(
        self, doing: str, advice: Mapping[type[SendoffError], str] = ADVICE
    ) -> AbstractContextManager[None]:
        """Let no foreign exception out of the block; `doing` reads like `reading the alias`."""
        return boundary(f"{self._target.name} ({self._target.root})", doing, advice)

    def obstacle(self) -> str | None:
        """Say what is wrong with who asks, where an account is named; None when nothing is."""
        if self._target.account is None:
            return None
        region = self.client.meta.region_name
        who = partial(caller, self._target.name, self._access, region)
        return obstacle(self._target.account, region, self.elsewhere, who)

    def close(self) -> None:
        """Hang up."""
        with self._connecting:
            if self._client is not None:
                self._client.close()
            self._client = None
