"""Which steps are done where: here, or by the worker of the site whose hosts they are on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tasks.order import HostKey

TAG = "sendoff-at-site"  # of runs that a release has started and looks after


def pool(site: str) -> str:
    """Name the work pool that only the workers of a site take work from."""
    return f"sendoff-{site}"


def deployment(site: str) -> str:
    """Name the deployment that does steps there."""
    return f"at-site/{site}"


def apart(
    hosts: Sequence[HostKey], site_of: Callable[[str], str | None], here: str | None
) -> tuple[list[HostKey], dict[str, list[HostKey]]]:
    """Part the hosts that are served here from those of other sites, in their order."""
    served_here: list[HostKey] = []
    elsewhere: dict[str, list[HostKey]] = {}
    for key in hosts:
        site = site_of(key[0])
        if site is None or site == here:
            served_here.append(key)
        else:
            elsewhere.setdefault(site, []).append(key)
    return served_here, elsewhere
