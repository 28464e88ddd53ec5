"""Serve Prefect behind the sign-in, for `sendoff server`: `python -m deployments.serve 127.0.0.1 4200`."""

from __future__ import annotations

import os
import secrets
import sys

from sendoff.errors import BadInput
from sendoff.server.opening import behind_sign_in
from sendoff.server.settings import ServerSettings

NOT_OURS = ("PREFECT_SERVER_API_BASE_PATH", "PREFECT_API_URL", "PREFECT_API_AUTH_STRING")
"""What the server must not take from its environment: all that is behind the sign-in begins with /api/."""


def main(host: str, port: str, *words: str) -> int:
    """Serve until told to stop. Other words: `--no-services`, `--tls CERTIFICATE KEY`."""
    secret = f"sendoff:{secrets.token_urlsafe(32)}"
    for name in NOT_OURS:
        os.environ.pop(name, None)
    os.environ |= {"PREFECT_SERVER_API_AUTH_STRING": secret, "PREFECT_SERVER_UI_API_URL": "/api"}
    import uvicorn  # noqa: PLC0415 -- Prefect reads its settings while it is imported
    from prefect.server.api.server import create_app  # noqa: PLC0415

    settings = ServerSettings.read(os.environ)
    app = create_app(final=True, webserver_only="--no-services" in words)
    try:
        signed_in = behind_sign_in(app, secret, settings)
    except BadInput as wrong:
        print(wrong, file=sys.stderr)
        return 2
    certificate, key = words[-2:] if "--tls" in words else (None, None)
    uvicorn.run(
        signed_in,
        host=host,
        port=int(port),
        log_level="warning",
        proxy_headers=False,  # whom to believe is decided behind
        server_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
