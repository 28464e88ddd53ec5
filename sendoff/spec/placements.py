"""Rules on hosts: which there are, where they stand, and what commands and addresses say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, quoted, unknown
from sendoff.spec.models import Environment, HttpCheck, ReleaseFile, SshFleet, StaticSite, Target
from sendoff.spec.placeholders import BadPlaceholder, fill, names
from sendoff.spec.words import ABSOLUTE, EXPECTED, ROOT

OF_RELEASE = ("version", "release", "root")
OFFERED = ("host", "address", *OF_RELEASE)
"""What every host has: its name and address, and of the release the version, the folder's name, the root."""

ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?([/?#][^\s]*)?")
MAX_PORT = 65535

EXAMPLE = {"version": "1.0", "release": "1.0-0123456789ab"}
RESERVED = frozenset({*OFFERED, "commit"})


def reserved_variables(file: ReleaseFile) -> Iterator[Finding]:
    """Find variables of hosts that would hide what Sendoff offers."""
    for name, host in file.hosts.items():
        for variable in sorted(RESERVED & host.variables.keys()):
            where = ("hosts", name, "variables", variable)
            yield Finding(
                where, f"{variable!r} is Sendoff's own", f"another name than {', '.join(sorted(RESERVED))}"
            )


def hosts(file: ReleaseFile, where: Where, environment: Environment) -> Iterator[Finding]:
    """Find hosts and groups that do not exist, targets without any, and hosts that stand in two targets."""
    taken: dict[str, str] = {}
    for index, target in enumerate(environment.targets):
        here = (*where, "targets", index)
        if isinstance(target, StaticSite):
            yield from _site(file, here, target)
        else:
            yield from _fleet(file, here, target)
        for name in file.hosts_of(target):
            if name in taken:
                what = f"host {name!r} stands in target {taken[name]!r} too"
                yield Finding(here, what, "each host in one target of an environment")
            taken.setdefault(name, target.name)


def shared_places(file: ReleaseFile) -> Iterator[Finding]:
    """Find sites that lie where another one lies, or within it: each needs a pointer of its own."""
    seen: list[tuple[str, StaticSite]] = []
    for number, environment in enumerate(file.environments):
        for index, target in enumerate(environment.targets):
            if not isinstance(target, StaticSite):
                continue
            for other, site in seen:
                if target.endpoint == site.endpoint and _overlap(target.root, site.root):
                    what = f"{target.root} is in one place with {site.root} of environment {other!r}"
                    where = ("environments", number, "targets", index)
                    yield Finding(where, what, "a bucket or a prefix of its own for each site")
                    break
            seen.append((environment.name, target))


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def commands_on_sites(where: Where, environment: Environment) -> Iterator[Finding]:
    """Find checks that run a command where a site is among the targets: a bucket runs none."""
    site = next((each for each in environment.targets if isinstance(each, StaticSite)), None)
    for index, check in enumerate(environment.checks):
        if site and not isinstance(check, HttpCheck):
            what = f"target {site.name!r} is a static site, and has no host to run a command on"
            yield Finding((*where, "checks", index, "kind"), what, "checks of kind 'http' only")


def templates(file: ReleaseFile, where: Where, environment: Environment) -> Iterator[Finding]:
    """Find placeholders that have no value on some host, and addresses that come out wrong."""
    everywhere = [(name, fleet) for fleet in environment.targets for name in file.hosts_of(fleet)]
    if any(_root(file, where, fleet, [(name, fleet)]) for name, fleet in everywhere):
        everywhere = []  # what follows would only repeat it
    for index, check in enumerate(environment.checks):
        here = (*where, "checks", index)
        if isinstance(check, HttpCheck):
            yield from _address(file, (*here, "url"), check.url, everywhere)
        else:
            yield from _words(file, (*here, "command"), check.command, everywhere)
    for index, fleet in enumerate(environment.targets):
        if isinstance(fleet, StaticSite):
            continue
        own: Hosts = [(name, fleet) for name in file.hosts_of(fleet)]
        yield from _root(file, (*where, "targets", index, "root"), fleet, own)
        commands = fleet.commands
        for key in ("before", "after", "withdraw"):
            for number, command in enumerate(getattr(commands, key)):
                at = (*where, "targets", index, "commands", key, number)
                yield from _words(file, at, command, own)


Hosts = list[tuple[str, Target]]


def _fleet(file: ReleaseFile, here: Where, fleet: SshFleet) -> Iterator[Finding]:
    groups = {group for host in file.hosts.values() for group in host.groups}
    wrong = [
        *_unknown((*here, "hosts"), fleet.hosts, file.hosts, "host"),
        *_unknown((*here, "groups"), fleet.groups, groups, "group"),
    ]
    yield from wrong
    found = file.hosts_of(fleet)
    if not found and not wrong:
        yield Finding(here, "has no hosts", "'hosts' or 'groups' that give at least one")
    elif found and fleet.max_failures >= len(found):
        what = f"{fleet.max_failures} of {len(found)} hosts may fail, so the release is never undone"
        yield Finding((*here, "max_failures"), what, f"less than {len(found)}")


def _site(file: ReleaseFile, here: Where, site: StaticSite) -> Iterator[Finding]:
    if site.name in file.hosts:
        what = f"{site.name!r} is a host too, and a site counts as a host of its own name"
        yield Finding((*here, "name"), what, "another name")
    if site.account and site.endpoint:
        what = "is in no AWS account, as it names an endpoint"
        yield Finding((*here, "account"), what, "either 'account' or 'endpoint'")


def _unknown(where: Where, listed: Iterable[str], known: Iterable[str], what: str) -> Iterator[Finding]:
    known = list(known)
    for index, name in enumerate(listed):
        if name not in known:
            yield Finding((*where, index), *unknown(name, known, what))


def _words(file: ReleaseFile, where: Where, command: Iterable[str], on: Hosts) -> Iterator[Finding]:
    for index, word in enumerate(command):
        yield from _valueless(file, (*where, index), word, on)


def _valueless(
    file: ReleaseFile, where: Where, text: str, on: Hosts, offered: Sequence[str] = OF_RELEASE
) -> Iterator[Finding]:
    try:
        wanted = names(text)
    except BadPlaceholder as error:
        yield Finding(where, str(error))
        return
    own = {name: file.own_words(name, target) for name, target in _known(file, on)}
    for name in sorted(wanted.difference(offered)):
        lacking = [host for host, words in own.items() if name not in words]
        if own and len(lacking) == len(own) and name != "address":
            known = {each for words in own.values() for each in words}
            yield Finding(where, *unknown(name, [*offered, *known], "placeholder"))
        elif lacking:
            what = f"{{{name}}} has no value on {', '.join(lacking)}"
            of_sites = "an 'address' in the target"
            yield Finding(
                where, what, of_sites if name == "address" else "a variable that all of these hosts have"
            )


def _known(file: ReleaseFile, on: Hosts) -> Hosts:
    """Leave out the hosts that do not exist, which is told elsewhere."""
    return [(name, each) for name, each in on if name in file.hosts or isinstance(each, StaticSite)]


def _root(file: ReleaseFile, where: Where, target: Target, on: Hosts) -> list[Finding]:
    """Find out whether the root comes out as an absolute path on each host."""
    if isinstance(target, StaticSite):
        return []
    on = _known(file, on)
    if found := list(_valueless(file, where, target.root, on, offered=())):
        return found
    for name, _ in on:
        if not re.fullmatch(ABSOLUTE, filled := file.words(name, target)["root"]):
            return [Finding(where, f"comes out as {quoted(filled)} on {name}", EXPECTED[ROOT])]
    return []


def _address(file: ReleaseFile, where: Where, url: str, on: Hosts) -> Iterator[Finding]:
    found = list(_valueless(file, where, url, on))
    yield from found
    if not url.startswith(("http://", "https://")):
        yield Finding(where, f"{quoted(url)} is no address of a web page", "http:// or https:// at the start")
    elif not found:
        yield from _wrong_address(file, where, url, on)


def _wrong_address(file: ReleaseFile, where: Where, url: str, on: Hosts) -> Iterator[Finding]:
    """Show the first host for which the address comes out wrong."""
    for name, target in _known(file, on):
        if not _is_address(filled := fill(url, {**file.words(name, target), **EXAMPLE})):
            yield Finding(
                where, f"comes out as {quoted(filled)} on {name}", "an address with host and valid port"
            )
            return


def _is_address(url: str) -> bool:
    match = ADDRESS.fullmatch(url)
    return match is not None and 0 < int(match["port"] or 80) <= MAX_PORT
