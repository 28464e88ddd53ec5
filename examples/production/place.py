"""The folder of the example: where each part has its files, its port and its password."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from examples.demo.workspace import HOSTS, Workspace
from examples.ports import free_port
from examples.production.postgresql import PostgreSQL
from examples.production.seaweedfs import SeaweedFS
from sendoff.objects.s3.address import Credentials
from sendoff.server.keys import PUBLIC, key_pair
from sendoff.server.users import User, UsersFile, generated, hashed

APIS = ("api-1", "api-2")
WORKERS = ("worker-1", "worker-2")
OPERATOR, APPROVER = "operator", "alex"
ACCOUNTS: Mapping[str, User] = {
    OPERATOR: User(roles=("admin",)),
    APPROVER: User(roles=("approver",)),  # one of those whom the storefront's release file names
    **dict.fromkeys(WORKERS, User(roles=("worker",))),
}
DATABASES = ("prefect", "ledger")
BUCKET, PREFIX = "releases", "sendoff"


class Place(Workspace):
    """What the wiring needs on this machine. Every start has new passwords and an empty folder."""

    def __init__(self, folder: Path, ui_port: str | None = None) -> None:
        super().__init__(folder, ui_port)
        names = ("postgresql", "redis", *APIS, *HOSTS)
        self.ports = {name: free_port() for name in names}
        self.passwords = {name: secrets.token_urlsafe(24) for name in ("keeper", "redis", *DATABASES)}
        self.credentials = {name: f"{name}:{generated()}" for name in ACCOUNTS}
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

    @property
    def sign_in(self) -> Path:
        """Name the folder that is the API servers' alone: users, key and audits."""
        return self.folder / "sign-in"

    @property
    def public_key(self) -> Path:
        """Name the file that workers and terminals have of it."""
        return self.folder / PUBLIC

    @property
    def accounts(self) -> Path:
        """Name the folder in which each account has a file with its name and password."""
        return self.folder / "accounts"

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
        for folder in (self.pids, self.accounts, self.folder / "redis"):
            folder.mkdir()
        self._make_accounts()
        for name in DATABASES:
            line = ("127.0.0.1", str(self.ports["postgresql"]), name, name, self.passwords[name])
            keep(self.passfile(name), ":".join(line) + "\n")

    def _make_accounts(self) -> None:
        """Do what `sendoff users add` and `sendoff users key` do."""

        def add(users: dict[str, User]) -> None:
            for name, user in ACCOUNTS.items():
                password = self.credentials[name].partition(":")[2]
                users[name] = user.model_copy(update={"password": hashed(password)})

        UsersFile(self.sign_in / "users.yaml").change(add)
        key_pair(self.sign_in)
        shutil.copy(self.sign_in / PUBLIC, self.public_key)
        for name, credentials in self.credentials.items():
            keep(self.accounts / name, f"{credentials}\n")

    def passfile(self, database: str) -> Path:
        """Name the file in which libpq and asyncpg find the password of a database."""
        return self.folder / f"{database}.pgpass"


def keep(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    path.touch(mode=0o600)
    path.write_text(text)


def _key(name: str) -> Credentials:
    return Credentials(access_key_id=name, secret_access_key=SecretStr(secrets.token_urlsafe(24)))
