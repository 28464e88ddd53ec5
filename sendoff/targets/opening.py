"""Opening targets as release files describe them, without loading what only other kinds need."""

from __future__ import annotations

from pathlib import Path

from sendoff.objects.s3.address import Access
from sendoff.spec.models import ReleaseFile, StaticSite, Target
from sendoff.targets.protocol import Hosts
from sendoff.targets.ssh.fleet import open_fleet
from sendoff.targets.ssh.login import described_login


def open_described(file: ReleaseFile, target: Target, folder: Path, by: str) -> Hosts:
    """Prepare to look at the hosts of a target, with the credentials of this machine, and no more."""
    if isinstance(target, StaticSite):
        from sendoff.targets.s3_site.site import open_site  # noqa: PLC0415 -- boto3 takes a third of a second

        return open_site(target, Access(), by)
    return open_fleet(file, target, described_login(target, folder), by)
