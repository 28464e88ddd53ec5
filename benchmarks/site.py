"""A static site brought into S3: Sendoff's deploy and `aws s3 sync`, side by side, against one SeaweedFS.

`python -m benchmarks.site` makes the tree of the other benchmark and its next version, starts a server on
loopback, and times cold processes. Read it for ratios: server and client share the machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from benchmarks import tools, tree
from benchmarks.measure import measure, under_load
from benchmarks.peers import Command
from benchmarks.site_deploy import BUCKET
from examples.production.seaweedfs import REGION, SeaweedFS
from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Credentials
from sendoff.store import ArtifactStore

FOLDER = Path("build-output") / "bench"
READY = 90.0  # seconds until the server takes a write
KEEPER = Credentials(access_key_id="KEEPER", secret_access_key=SecretStr("keeper"))
WORKER = Credentials(access_key_id="WORKER", secret_access_key=SecretStr("worker"))
VERSIONS = ("1", "2")


def main(words: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.site", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="sendoff-bench-") as name:
        compare(Path(name), asked.rounds)


def compare(folder: Path, rounds: int) -> None:
    """Build both versions, then run what is compared in turns."""
    trees = {version: folder / version for version in VERSIONS}
    tree.make_tree(trees["1"])
    changed = tree.make_next(trees["1"], trees["2"])
    store = ArtifactStore(FolderObjects(folder / "store"))
    for version, path in trees.items():
        _built(store, path, version)
    aws = FOLDER.absolute() / "aws"
    if lacks := tools.install(aws, "awscli", "aws"):
        print(f"Sendoff alone, as the AWS CLI is not here: {lacks}")
    print(f"2,000 files, 60 MB; the next version differs in {changed} of them. Seconds, and of those the")
    print("client's CPU; each round on empty ground, in turns.\n")
    print(f"{'':40}{'first':>16}{'next':>16}  others' cores")
    with served(folder / "seaweedfs") as (endpoint, pid):
        for number in range(rounds):
            for what, commands in _rows(
                endpoint, folder / "store", trees, None if lacks else aws / "bin" / "aws", number
            ).items():
                _measured(what, commands, pid, folder / "log")


def _rows(
    endpoint: str, store: Path, trees: dict[str, Path], aws: Path | None, number: int
) -> dict[str, list[list[str]]]:
    python = [sys.executable, "-m", "benchmarks.site_deploy"]
    rows = {
        f"Sendoff, {layout}: deploy and switch": [
            [*python, str(store), each, layout, f"{layout}{number}", endpoint, REGION] for each in VERSIONS
        ]
        for layout in ("shared", "folders")
    }
    if aws:
        sync = [str(aws), "s3", "sync", "--only-show-errors", "--endpoint-url", endpoint]
        rows["aws s3 sync --delete, over what is live"] = [
            [*sync, "--delete", str(trees[each]), f"s3://{BUCKET}/b{number}"] for each in VERSIONS
        ]
        rows["aws s3 sync, into a folder of its own"] = [
            [*sync, str(trees[each]), f"s3://{BUCKET}/c{number}-{each}"] for each in VERSIONS
        ]
    return rows


def _measured(what: str, commands: list[list[str]], pid: int, log: Path) -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": WORKER.access_key_id,
        "AWS_SECRET_ACCESS_KEY": WORKER.secret_access_key.get_secret_value(),
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
    }
    told, others = "", 0.0
    for argv in commands:
        found, load = under_load(lambda argv=argv: measure(Command(argv, environ), log), [pid])
        if found.wrong:
            raise SystemExit(f"{what}: {found.wrong}\n{log.read_text()[-2000:]}")
        others = max(others, load.others)
        told += f"{found.seconds:>8.1f} ({found.cpu:>4.1f})"
    print(f"{what:40}{told}  {others:.1f}", flush=True)


def _built(store: ArtifactStore, path: Path, version: str) -> Artifact:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return store.add(path, "site", version, commit=None, built_at=now, built_by="bench")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """Start a server with an empty bucket; it is killed at the end, as nothing in it is kept."""
    server = SeaweedFS(folder, KEEPER, WORKER)
    server.prepare()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(server.command, stdout=log, stderr=log, cwd=folder)
    try:
        until = time.monotonic() + READY
        while not server.takes_a_write():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"SeaweedFS does not start; see {folder / 'log'}")
            time.sleep(0.2)
        server.client.create_bucket(Bucket=BUCKET)
        yield server.endpoint, process.pid
    finally:
        process.kill()
        process.wait()
        server.tidy()


if __name__ == "__main__":
    main(sys.argv[1:])
