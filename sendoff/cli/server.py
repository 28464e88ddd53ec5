"""`sendoff server`: serve Prefect behind a sign-in for each user."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sendoff.cli.prefect_side import become

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address that it listens on.")
@click.option("--port", default=4200, show_default=True, type=click.IntRange(1, 65535), help="The port.")
@click.option("--certificate", type=FILE, help="Speak TLS with this certificate (PEM); needs --key.")
@click.option("--key", type=FILE, help="The key of the certificate (PEM).")
@click.option("--services/--no-services", default=True, help="Run Prefect's services in here as well.")
def server(host: str, port: int, certificate: Path | None, key: Path | None, services: bool) -> None:
    """Serve Prefect, its pages and its API, to the users that `sendoff users` knows."""
    from sendoff.server.settings import ServerSettings  # noqa: PLC0415 -- help comes at once
    from sendoff.server.users import UsersFile  # noqa: PLC0415

    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key belong together")
    settings = ServerSettings.read(os.environ)
    if not UsersFile(settings.users).all():
        raise click.ClickException(
            f"{settings.users}: has nobody in it, expected users; run `sendoff users add NAME --role admin`"
        )
    click.echo(f"Serving http{'s' if key else ''}://{host}:{port}, with the users of {settings.users}")
    tls = ("--tls", str(certificate), str(key)) if certificate else ()
    become("deployments.serve", host, str(port), *(() if services else ("--no-services",)), *tls)
