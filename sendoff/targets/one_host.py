"""A target that counts as a fleet of one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

from sendoff.errors import PolicyRefused
from sendoff.targets.protocol import CommandResult, HostTarget

Host = TypeVar("Host", bound=HostTarget)


class RunsNothing:
    """A target that has no host to run a command on. `because`: why, and what to do instead."""

    name: str
    because: ClassVar[str]

    def run(
        self,
        command: Sequence[str],
        release: str,
        timeout: float,
        env: Mapping[str, str],
        once: str = "",
        unless_live: str | None = None,
    ) -> CommandResult:
        """Refuse."""
        raise PolicyRefused(f"{self.name}: {' '.join(command)!r} cannot be run, as {self.because}")


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
