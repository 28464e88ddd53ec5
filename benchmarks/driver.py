"""Sendoff's target code as a process of its own: deploy to all hosts, then go live on all."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sendoff.store import ArtifactStore, FolderObjects
from sendoff.targets.ssh.fleet import Fleet
from sendoff.targets.ssh.login import HostAddress, Login


def main(order: str) -> None:
    """Carry out an order: hosts, login, and which version of which application in which store."""
    asked = json.loads(Path(order).read_text())
    hosts = {
        each["name"]: HostAddress(address=asked["address"], port=each["port"]) for each in asked["hosts"]
    }
    roots = {each["name"]: each["root"] for each in asked["hosts"]}
    store = ArtifactStore(FolderObjects(Path(asked["store"])))
    artifact = store.find(asked["application"], asked["version"])
    if artifact is None:
        sys.exit(f"{asked['version']}: is not in the store, expected it to have been built")
    with (
        Fleet(hosts, Login(**asked["login"]), roots, token=1) as fleet,
        ThreadPoolExecutor(len(hosts)) as pool,
    ):
        targets = [fleet.host(name) for name in fleet.names]
        said = list(pool.map(lambda target: target.deploy(artifact, store).said, targets))
        said += pool.map(lambda target: target.switch(artifact.release_name).said, targets)
    store.close()
    print("\n".join(said))


if __name__ == "__main__":
    main(sys.argv[1])
