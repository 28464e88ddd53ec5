"""Rules on hosts: which there are, where they stand, and what commands and addresses say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sendoff.spec import balancing
from sendoff.spec.cloud import CloudTarget, LambdaFunction
from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, quoted, unknown
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.models import (
    Check,
    CommandCheck,
    Environment,
    HttpCheck,
    InvokeCheck,
    ReleaseFile,
    SshFleet,
    Target,
    canary_of,
)
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
        here: Where = (*where, "targets", index)
        if isinstance(target, CloudTarget):
            yield from _cloud(file, here, target)
        else:
            yield from _fleet(file, here, target)
        if isinstance(target, LoadBalancer):
            yield from balancing.fit(here, target)
        yield from _taken(here, target.name, file.hosts_of(target), taken)
        for side, fleet in file.behind(target).items():
            yield from _fleet(file, (*here, side), fleet)
            yield from _taken((*here, side), f"{target.name}/{side}", file.hosts_of(fleet), taken)


def _taken(where: Where, target: str, named: Iterable[str], taken: dict[str, str]) -> Iterator[Finding]:
    for name in named:
        if name in taken:
            what = f"host {name!r} stands in target {taken[name]!r} too"
            yield Finding(where, what, "each host in one target of an environment")
        taken.setdefault(name, target)


def shared_places(file: ReleaseFile) -> Iterator[Finding]:
    """Find targets that lie where another one lies, or within it: each needs a pointer of its own."""
    seen: list[tuple[str, CloudTarget]] = []
    for number, environment in enumerate(file.environments):
        for index, target in enumerate(environment.targets):
            if not isinstance(target, CloudTarget):
                continue
            for other, known in seen:
                if target.is_in_one_place_with(known):
                    what = f"{target.root} is in one place with {known.root} of environment {other!r}"
                    where = ("environments", number, "targets", index)
                    yield Finding(where, what, f"a place of its own for each {target.noun}")
                    break
            seen.append((environment.name, target))


def checks(where: Where, environment: Environment) -> Iterator[Finding]:
    """Find checks of targets that do not exist, or that cannot be made of a target of that kind."""
    known = {target.name: target for target in environment.targets}
    for index, check in enumerate(environment.checks):
        here = (*where, "checks", index)
        yield from _unknown((*here, "targets"), check.targets, known, "target")
        about = [known[name] for name in check.targets or known if name in known]
        yield from (
            Finding((*here, key), *wrong)
            for target in about
            if (key := _key(check)) and (wrong := _unfit(check, target))
        )


def _key(check: Check) -> str:
    return "when" if isinstance(check, HttpCheck) else "kind"


def _unfit(check: Check, target: Target) -> tuple[str, str] | None:
    """Say why a check cannot be made of a target, and what was expected; None when it can."""
    kinds = "other checks of it, or 'targets' that names others"
    if isinstance(check, CommandCheck) and isinstance(target, CloudTarget):
        return f"target {target.name!r} is a {target.noun}, and has no host to run a command on", kinds
    if check.when == "canary" and canary_of(target) is None:
        return f"target {target.name!r} has no canary", "'targets' with a 'canary' only"
    if isinstance(check, InvokeCheck) and not isinstance(target, LambdaFunction):
        return f"target {target.name!r} is no function that could be invoked", kinds
    serves_dark = isinstance(target, CloudTarget) and target.serves_dark
    if isinstance(check, HttpCheck) and check.when == "dark" and not serves_dark:
        return (
            f"nothing listens on target {target.name!r} before the release is live",
            "'live', or a check of another kind",
        )
    return None


def templates(file: ReleaseFile, where: Where, environment: Environment) -> Iterator[Finding]:
    """Find placeholders that have no value on some host, and addresses that come out wrong."""
    everywhere = [(name, fleet) for fleet in environment.targets for name in file.hosts_of(fleet)]
    if any(_root(file, where, fleet, [(name, fleet)]) for name, fleet in everywhere):
        everywhere = []  # what follows would only repeat it
    for index, check in enumerate(environment.checks):
        here = (*where, "checks", index)
        about = [each for each in everywhere if not check.targets or each[1].name in check.targets]
        if isinstance(check, HttpCheck):
            yield from _address(file, (*here, "url"), check.url, about)
            for name, value in check.headers.items():
                yield from _valueless(file, (*here, "headers", name), value, about)
        elif isinstance(check, CommandCheck):
            yield from _words(file, (*here, "command"), check.command, about)
    for index, fleet in enumerate(environment.targets):
        here = (*where, "targets", index)
        if isinstance(fleet, SshFleet):
            yield from _on_hosts(file, here, fleet, [(name, fleet) for name in file.hosts_of(fleet)])
        elif behind := list(file.behind(fleet).values()):
            hosts: Hosts = [(name, each) for each in behind for name in file.hosts_of(each)]
            yield from _on_hosts(file, (*here, "fleet"), behind[0], hosts)


def _on_hosts(file: ReleaseFile, where: Where, fleet: SshFleet, on: Hosts) -> Iterator[Finding]:
    yield from _root(file, (*where, "root"), fleet, on)
    for key in ("before", "after", "withdraw"):
        for number, command in enumerate(getattr(fleet.commands, key)):
            yield from _words(file, (*where, "commands", key, number), command, on)


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


def _cloud(file: ReleaseFile, here: Where, target: CloudTarget) -> Iterator[Finding]:
    if target.name in file.hosts:
        what = f"{target.name!r} is a host too, and a {target.noun} counts as a host of its own name"
        yield Finding((*here, "name"), what, "another name")
    if target.account and target.endpoint:
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
    return [(name, each) for name, each in on if name in file.hosts or isinstance(each, CloudTarget)]


def _root(file: ReleaseFile, where: Where, target: Target, on: Hosts) -> list[Finding]:
    """Find out whether the root comes out as an absolute path on each host."""
    if isinstance(target, CloudTarget):
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
