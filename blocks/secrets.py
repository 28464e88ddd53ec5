"""The secrets that builds and commands may see."""

from __future__ import annotations

from prefect.blocks.core import Block
from prefect.types import SecretDict
from pydantic import Field


class ReleaseSecrets(Block):
    """The secrets of one application, by the names that its release file gives them."""

    _block_type_name = "Sendoff release secrets"
    _block_type_slug = "sendoff-release-secrets"
    _description = "Secrets that an application's build and commands may see, by name."

    values: SecretDict = Field(
        title="Values",
        description="A value for each secret that the release file names; a release does not start without",
    )

    def connect(self) -> dict[str, str]:
        """Give the secrets out, by name."""
        return {name: str(value) for name, value in self.values.get_secret_value().items()}
