"""Commands in release files, and those around a switch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sendoff.model import Frozen
from sendoff.spec.words import Duration, Text, Variable

Command = Annotated[tuple[Text, ...], Field(min_length=1)]


class HostCommands(Frozen):
    """What is run on a host, in the folder of the release, around the switch."""

    before: tuple[Command, ...] = Field((), description="before the switch, in the new release's folder")
    after: tuple[Command, ...] = Field(
        (), description="after the switch, in the folder of the release now live"
    )
    withdraw: tuple[Command, ...] = Field(
        (), description="when a first release is undone and none was live before"
    )
    secrets: tuple[Variable, ...] = Field((), description="secrets that these commands see, by name")
    timeout: Duration = Field(120, description="how long each command may take")
