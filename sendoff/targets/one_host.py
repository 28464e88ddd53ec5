"""A target that counts as a fleet of one host."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from sendoff.targets.protocol import HostTarget

Host = TypeVar("Host", bound=HostTarget)


class OneHost(Generic[Host]):
    """The one host of a target in a cloud, with what it is reached through."""

    def __init__(self, host: Host, hang_up: Callable[[], None]) -> None:
        self._host, self.close = host, hang_up

    @property
    def names(self) -> tuple[str, ...]:
        """Name the one host."""
        return (self._host.name,)

    def host(self, name: str) -> Host:
        """Give the one host; KeyError for any other name."""
        if name != self._host.name:
            raise KeyError(name)
        return self._host

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
