"""Access keys as blocks hold them: both parts, or neither."""

from __future__ import annotations

from pydantic import SecretStr

from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import Credentials


def access_key(
    block: str, key_id: str | None, secret: SecretStr | None, otherwise: str
) -> Credentials | None:
    """Give the key of a block, None where it has none; `otherwise`: what is used then, for who has half."""
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        raise PolicyRefused(
            f"block {block!r}: has only one of access key ID and secret access key, expected both, or "
            f"neither for {otherwise}; fill in the other one"
        )
    return Credentials(access_key_id=key_id, secret_access_key=secret)
