"""A PostgreSQL of one's own on loopback: a new cluster in a folder, for the example and for tests."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from examples.production.programs import find
from sendoff.errors import StepErrored

KEEPER = "sendoff"
LOOPBACK = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}


class PostgreSQL:
    """A cluster in an empty folder. PostgreSQL refuses to be root, so root runs it as its own user."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.folder, self.port, self.password = folder, port, password
        self._programs = find("initdb", "postgresql").parent
        self._user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    @property
    def options(self) -> dict[str, Any]:
        """Say where and as whom its programs are started, in the words of `subprocess`."""
        if os.getuid() != 0:
            return {"cwd": self.folder}
        return {
            "cwd": self.folder,
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": (),
        }

    def command(self, **settings: str) -> tuple[str, ...]:
        """Give the words that start the server; it ends on SIGINT without waiting for anybody."""
        said = (f"--{name}={value}" for name, value in {**LOOPBACK, **settings}.items())
        return (str(self._programs / "postgres"), "-D", "data", f"--port={self.port}", *said)

    def prepare(self) -> None:
        """Make the cluster; whoever connects needs the password."""
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        for path in (self.folder, secret):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)
        who = (f"--username={KEEPER}", f"--pwfile={secret}", "--auth=scram-sha-256")
        how = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        command = (self._programs / "initdb", "--pgdata=data", *who, *how)
        made = subprocess.run(command, capture_output=True, text=True, check=False, **self.options)
        if made.returncode:
            raise StepErrored(
                f"{self.folder}: initdb exited with {made.returncode}, expected 0; it said:\n{made.stderr}"
            )

    def connect(self) -> psycopg.Connection:
        """Connect as the keeper of the cluster."""
        address = f"host=127.0.0.1 port={self.port} dbname=postgres user={KEEPER}"
        return psycopg.connect(address, password=self.password, autocommit=True)

    def answers(self) -> bool:
        """Tell whether it lets its keeper in."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self, name: str, password: str) -> None:
        """Make a database and a user of the same name, who may do nothing but own it."""
        with self.connect() as connection:
            role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(password)
            )
            connection.execute(role)
            connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
