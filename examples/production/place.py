"""The folder of the example: where each part has its files, its port and its password."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from examples.demo.workspace import HOSTS, Workspace
from examples.ports import free_ports
from examples.production.postgresql import PostgreSQL
from examples.production.seaweedfs import SeaweedFS
from sendoff.objects.s3.address import Credentials

APIS = ("api-1", "api-2")
WORKERS = ("worker-1", "worker-2")
DATABASES = ("prefect", "ledger")
BUCKET, PREFIX = "releases", "sendoff"


class Place(Workspace):
    """What the wiring needs on this machine. Every start has new passwords and an empty folder."""

    def __init__(self, folder: Path, ui_port: str | None = None) -> None:
        super().__init__(folder, ui_port)
        names = ("postgresql", "redis", *APIS, *HOSTS)
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.passwords = {name: secrets.token_urlsafe(24) for name in ("keeper", "redis", *DATABASES)}
        # Not below the folder: root starts PostgreSQL as somebody who may not be let in there.
        self._elsewhere = tempfile.TemporaryDirectory(prefix="sendoff-postgresql-")
        self.postgresql = PostgreSQL(
            Path(self._elsewhere.name), self.ports["postgresql"], self.passwords["keeper"]
        )
        self.s3 = SeaweedFS(self.folder / "seaweedfs", _key("KEEPER"), _key("WORKER"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._elsewhere.cleanup()
        super().__exit__(kind, error, trace)

    @property
    def pids(self) -> Path:
        """Name the folder that has the process number of each part."""
        return self.folder / "pids"

    @property
    def variables(self) -> Path:
        """Name the file that gives a terminal the variables of an operator."""
        return self.folder / "environ.sh"

    def home(self, name: str) -> Path:
        """Make the folder that is a part's own, as if it had a machine for itself."""
        home = self.folder / "homes" / name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def clean(self, base: Mapping[str, str]) -> dict[str, str]:
        """Give the variables of every part: settings for another Prefect, Sendoff or store are left out."""
        others = ("PREFECT_", "SENDOFF_", "AWS_", "PG")
        kept = {name: value for name, value in base.items() if not name.startswith(others)}
        return {**kept, "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

    def prepare(self) -> None:
        """Empty the folder and put what is needed before any part is started into it."""
        super().prepare()
        for folder in (self.pids, self.folder / "redis"):
            folder.mkdir()
        for name in DATABASES:
            line = ("127.0.0.1", str(self.ports["postgresql"]), name, name, self.passwords[name])
            keep(self.passfile(name), ":".join(line) + "\n")

    def passfile(self, database: str) -> Path:
        """Name the file in which libpq and asyncpg find the password of a database."""
        return self.folder / f"{database}.pgpass"


def keep(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    path.touch(mode=0o600)
    path.write_text(text)


def _key(name: str) -> Credentials:
    return Credentials(access_key_id=name, secret_access_key=SecretStr(secrets.token_urlsafe(24)))
