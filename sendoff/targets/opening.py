"""Opening targets as release files describe them, without loading what only other kinds need."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import ReleaseFile, Target
from sendoff.targets.protocol import Hosts
from sendoff.targets.ssh.fleet import open_fleet
from sendoff.targets.ssh.login import described_login

MODULES = {
    "s3-site": "sendoff.targets.s3_site.site",
    "lambda": "sendoff.targets.function.function",
    "parameter": "sendoff.targets.parameter.parameter",
    "appconfig": "sendoff.targets.configuration.configuration",
}
"""Where each kind in a cloud is opened, by `open_target`; loading boto3 takes a third of a second."""


def open_described(file: ReleaseFile, target: Target, folder: Path, by: str) -> Hosts:
    """Prepare to look at the hosts of a target, with the credentials of this machine, and no more."""
    if isinstance(target, CloudTarget):
        return open_in_cloud(target, Access(), by)
    return open_fleet(file, target, described_login(target, folder), by)


def open_in_cloud(
    target: CloudTarget,
    access: Access,
    by: str,
    token: int = 0,
    *,
    endpoint: str | None = None,
    region: str | None = None,
) -> Hosts:
    """Prepare the connection to a target; `endpoint` and `region` go before those of the release file.

    `token`: the number of the lease that changes are made under; with 0 it can only be looked at.
    """
    opened: Callable[[CloudTarget, Access, str, int], Hosts] = import_module(MODULES[target.kind]).open_target
    return opened(placed(target, endpoint, region), access, by, token)


def placed(target: CloudTarget, endpoint: str | None, region: str | None) -> CloudTarget:
    """Put what a block says in place of what the release file does, where it says anything."""
    changes = {"endpoint": endpoint, "region": region}
    return target.model_copy(update={name: value for name, value in changes.items() if value})
