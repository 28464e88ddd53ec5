"""Opening targets as release files describe them, without loading what only other kinds need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from sendoff.objects.s3.address import Access
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import ReleaseFile, SshFleet, Target
from sendoff.targets.load_balancer.machines import Machines
from sendoff.targets.protocol import Hosts
from sendoff.targets.ssh.fleet import open_fleet
from sendoff.targets.ssh.login import Login, described_login

MODULES = {
    "s3-site": "sendoff.targets.s3_site.site",
    "lambda": "sendoff.targets.function.function",
    "parameter": "sendoff.targets.parameter.parameter",
    "appconfig": "sendoff.targets.configuration.configuration",
    "alb": "sendoff.targets.load_balancer.load_balancer",
}
"""Where each kind in a cloud is opened, by `open_target`; loading boto3 takes a third of a second."""


def open_described(file: ReleaseFile, target: Target, folder: Path, by: str) -> Hosts:
    """Prepare to look at the hosts of a target, with the credentials of this machine, and no more."""
    if isinstance(target, CloudTarget):
        behind = {
            side: open_machines(file, fleet, described_login(fleet, folder), by)
            for side, fleet in file.behind(target).items()
        }
        return open_in_cloud(target, Access(), by, behind=behind)
    return open_fleet(file, target, described_login(target, folder), by)


def open_machines(file: ReleaseFile, fleet: SshFleet, login: Login, by: str, token: int = 0) -> Machines:
    """Prepare the connections to the hosts behind one side of a load balancer."""
    opened = open_fleet(file, fleet, login, by, token)
    return Machines(opened, fleet.commands, {name: file.words(name, fleet) for name in opened.names})


def open_in_cloud(
    target: CloudTarget,
    access: Access,
    by: str,
    token: int = 0,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    behind: Mapping[str, Machines] | None = None,
) -> Hosts:
    """Prepare the connection to a target; `endpoint` and `region` go before those of the release file.

    `token`: the number of the lease that changes are made under; with 0 it can only be looked at. `behind`:
    by side, the hosts over SSH behind a load balancer.
    """
    opened: Callable[..., Hosts] = import_module(MODULES[target.kind]).open_target
    more = {"behind": behind} if behind else {}
    return opened(placed(target, endpoint, region), access, by, token, **more)


def placed(target: CloudTarget, endpoint: str | None, region: str | None) -> CloudTarget:
    """Put what a block says in place of what the release file does, where it says anything."""
    changes = {"endpoint": endpoint, "region": region}
    return target.model_copy(update={name: value for name, value in changes.items() if value})
