"""The example's release file: valid, and what its comments say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sendoff import catalog

FILE = Path(__file__).resolve().parents[2] / "examples" / "storefront" / "release.yaml"


@pytest.fixture(scope="module")
def release_file():
    return catalog.load(FILE).file


def test_production_is_the_whole_group(release_file):
    """Three hosts, from the inventory, and somebody has to agree."""
    production = release_file.environment("production")
    assert release_file.hosts_of(production.targets[0]) == ("web-1", "web-2", "web-3")
    assert production.gates[0].approvers == ("priya", "sam", "alex")


def test_staging_needs_nobody(release_file):
    """Only an environment without a gate may be released to every night."""
    staging = release_file.environment("staging")
    assert staging.gates == ()
    assert staging.schedule.timezone == "Europe/Berlin"


def test_environments_do_not_meet(release_file):
    """On a host that serves both, root and port differ."""
    roots = {environment.targets[0].root for environment in release_file.environments}
    ports = [
        host.variables[name] for host in release_file.hosts.values() for name in ("port", "staging_port")
    ]
    assert len(roots) == 2
    assert len(set(ports)) == len(ports)
