"""Who asks for a static site, as its block says, and how a target of either kind is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks import lookup
from blocks.aws import AwsConnection
from blocks.ssh import SshConnection
from deployments import register
from sendoff.catalog import load
from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import StaticSite
from sendoff.spec.models import ReleaseFile
from sendoff.targets.load_balancer.machines import MachinesBehind
from sendoff.targets.load_balancer.services import ServicesBehind
from sendoff.targets.one_host import OneHost
from sendoff.targets.opening import open_described
from sendoff.targets.ssh.fleet import Fleet

RIGHT = Path(__file__).parents[1] / "sendoff" / "spec" / "right.yaml"
SITE = {"kind": "s3-site", "name": "pages", "bucket": "shop-pages", "region": "eu-central-1"}


@pytest.fixture
def file() -> ReleaseFile:
    """Production has a fleet and a site."""
    data = yaml.safe_load(RIGHT.read_text())
    data["environments"][1]["targets"].append(SITE)
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


def test_nothing_said() -> None:
    """An empty block, also one saved empty in the UI, leaves all to the worker."""
    assert AwsConnection().access() == Access()
    assert AwsConnection(access_key_id="", profile="", role_arn="", endpoint="").access() == Access()


def test_all_said() -> None:
    """Key, profile, role and external ID are handed on."""
    block = AwsConnection(
        access_key_id="K", secret_access_key="s", profile="p", role_arn="arn:x", external_id="e"
    )
    access = block.access()
    assert access.key
    assert (access.key.access_key_id, access.profile, access.role_arn) == ("K", "p", "arn:x")
    assert access.external_id
    assert access.external_id.get_secret_value() == "e"


@pytest.mark.parametrize("half", [{"access_key_id": "K"}, {"secret_access_key": "s"}], ids=["id", "secret"])
def test_half_a_key(half: dict[str, Any]) -> None:
    """One without the other is refused before anything is asked."""
    with pytest.raises(PolicyRefused, match="fill in the other one"):
        AwsConnection(**half).access()


def test_the_block_goes_before_the_file() -> None:
    """Endpoint and region of the block count before those of the release file."""
    site = StaticSite.model_validate({**SITE, "endpoint": "https://file.example"})
    for block, endpoint, region in (
        (AwsConnection(), "https://file.example", "eu-central-1"),
        (AwsConnection(endpoint="https://block.example", region="x"), "https://block.example", "x"),
    ):
        target = block.connect(site, "run-1", 1)
        assert isinstance(target, OneHost)
        address = target.host("pages")._bucket.address
        assert (address.endpoint, address.region) == (endpoint, region)


def test_opened_by_kind(file: ReleaseFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target is opened as its kind asks, over the block of its name where there is one."""
    asked = []

    def find(kind: type[Any], name: str) -> None:
        asked.append((kind.__name__, name))

    monkeypatch.setattr(lookup, "find", find)
    fleet, site = file.environments[1].targets
    for target, kind in ((fleet, Fleet), (site, OneHost)):
        opened = lookup.hosts(file, "production", target, Path("/srv"), by="run-1", token=1)
        assert isinstance(opened, kind)
        assert opened.names == file.hosts_of(target)
        described = open_described(file, target, Path("/srv"), "plan")
        assert isinstance(described, kind)
        described.close()
    assert asked == [
        ("SshConnection", f"storefront-production-{fleet.name}"),
        ("AwsConnection", "storefront-production-pages"),
    ]
    with pytest.raises(KeyError):
        opened.host("web-1")


EXAMPLE = Path(__file__).parents[2] / "examples" / "balancer" / "release.yaml"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_load_balancer_is_opened(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts over SSH behind it are reached over a block of its name, too; services are not."""
    asked: list[tuple[str, str]] = []

    def find(kind: type[Any], name: str) -> Any:
        asked.append((kind.__name__, name))
        return SshConnection(user="from-the-block") if kind is SshConnection else None

    monkeypatch.setattr(lookup, "find", find)
    file = load(EXAMPLE).file
    (target,) = file.environment(environment).targets
    opened: Any = lookup.hosts(file, environment, target, EXAMPLE.parent, by="run-1", token=3)
    backing = opened.host("front")._backing
    described = open_described(file, target, EXAMPLE.parent, "plan")
    assert (opened.names, described.names) == (("front",), ("front",))
    described.close()
    opened.close()
    name = f"shop-{environment}-front"
    if environment == "production":
        assert isinstance(backing, ServicesBehind)
        assert asked == [("AwsConnection", name)]
        return
    assert isinstance(backing, MachinesBehind)
    assert asked == [("SshConnection", name), ("SshConnection", name), ("AwsConnection", name)]
    assert {side: each.fleet.names for side, each in backing._sides.items()} == {
        "blue": ("blue-1", "blue-2"),
        "green": ("green-1", "green-2"),
    }
    assert backing._sides["blue"].fleet._login.user == "from-the-block"
    assert backing._sides["green"].words["green-1"]["port"] == "8080"


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [("staging", ["AwsConnection", "SshConnection"]), ("production", ["AwsConnection"])],
)
def test_blocks_of_a_load_balancer(
    environment: str, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sendoff register` makes a block for AWS, and one for the hosts behind it where there are some."""
    saved: list[tuple[str, str]] = []
    monkeypatch.setattr(lookup, "find", lambda kind, name: None)
    monkeypatch.setattr(register, "_save", lambda block, name: saved.append((type(block).__name__, name)))
    assert register._connections(load(EXAMPLE)) == ["shop-staging-front", "shop-production-front"]
    assert [kind for kind, name in saved if name == f"shop-{environment}-front"] == kinds
