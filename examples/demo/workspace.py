"""The folder of the demo: release file, hosts, repository, and which ports are used."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from examples.demo.history import make_history
from examples.ports import asked_port, free_port
from sendoff.errors import PolicyRefused

HOSTS = ("web-1", "web-2", "web-3")
STOREFRONT = Path(__file__).parent.parent / "storefront"
UI_PORT = 4200


class Workspace:
    """Paths and ports of one demo. What is in the folder from an earlier demo is removed."""

    def __init__(self, folder: Path, ui_port: str | None = None) -> None:
        self.folder = folder.absolute()
        self._lock = folder.with_name(f"{folder.name}.lock").open("w")
        self.catalog = self.folder / "catalog"
        self.logs = self.folder / "logs"
        self.ssh = self.folder / "ssh"
        self.ui_port = asked_port(ui_port) if ui_port else free_port(UI_PORT)

    def __enter__(self) -> Self:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PolicyRefused(
                f"{self.folder}: an example runs here already, expected none; stop it first"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    @property
    def ui(self) -> str:
        """Give the address of the Prefect UI."""
        return f"http://127.0.0.1:{self.ui_port}"

    @property
    def api(self) -> str:
        """Give the address of the Prefect API."""
        return f"{self.ui}/api"

    def environ(self, base: Mapping[str, str]) -> dict[str, str]:
        """Give the environment of every process of the demo; settings for another Prefect are left out."""
        kept = {name: value for name, value in base.items() if not name.startswith(("PREFECT_", "SENDOFF_"))}
        return kept | {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_UI_URL": self.ui,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
            "SENDOFF_HOME": str(self.folder / "sendoff"),
            "SENDOFF_CATALOG": str(self.catalog),
        }

    def prepare(self) -> None:
        """Empty the folder, and put the release file and the repository into it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.catalog.mkdir(parents=True)
        shutil.copy(STOREFRONT / "release.yaml", self.catalog)
        make_history(STOREFRONT / "app", self.catalog / "repository")

    def describe_hosts(self) -> None:
        """Write the inventory of the hosts that have started, with free ports for what they will serve."""
        started = json.loads((self.ssh / "hosts.json").read_text())
        hosts = {
            host["name"]: {
                "address": host["address"],
                "port": host["port"],
                "groups": ["web"],
                "variables": {"base": host["folder"], "port": free_port(), "staging_port": free_port()},
            }
            for host in started.values()
        }
        (self.catalog / "hosts.yaml").write_text(yaml.safe_dump({"hosts": hosts}, sort_keys=False))
        shutil.copy(self.ssh / "known_hosts", self.catalog / "known_hosts")
        shutil.copy(self.ssh / "client_key", self.catalog / "id_ed25519")
        os.chmod(self.catalog / "id_ed25519", 0o600)
