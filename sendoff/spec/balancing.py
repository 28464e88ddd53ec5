"""What has to fit together in a load balancer of a release file."""

from __future__ import annotations

from collections.abc import Iterator

from sendoff.spec.document import Where
from sendoff.spec.findings import Finding
from sendoff.spec.load_balancer import Arn, LoadBalancer


def fit(where: Where, target: LoadBalancer) -> Iterator[Finding]:
    """Find what does not fit: sides of two kinds, keys of the other kind, ARNs from elsewhere."""
    yield from _kinds(where, target)
    yield from _places(where, target)
    if target.blue.target_group == target.green.target_group:
        what = "is the target group of blue too"
        yield Finding((*where, "green", "target_group"), what, "one of its own for each side")
    if target.fleet and target.fleet.commands.secrets:
        what = "is not shown to commands behind a load balancer"
        yield Finding((*where, "fleet", "commands", "secrets"), what, "no secrets, or a file on the hosts")


def _kinds(where: Where, target: LoadBalancer) -> Iterator[Finding]:
    """Either both sides are hosts, reached by `fleet`, or both are services, in `cluster`."""
    services = [side for side, each in target.sides.items() if each.service]
    for side, each in target.sides.items():
        if bool(each.service) == bool(each.hosts or each.groups):
            what = "has hosts and a service" if each.service else "has nothing behind it"
            yield Finding((*where, side), what, "either 'hosts' or 'groups', or 'service'")
    if len(services) == 1:
        yield Finding((*where, services[0], "service"), "is on one side only", "the same kind on both sides")
    needed, useless = ("cluster", "fleet") if services else ("fleet", "cluster")
    if getattr(target, needed) is None:
        yield Finding(
            where, f"{needed!r} is missing", f"{needed!r}, as there are {_behind(services)} behind it"
        )
    if getattr(target, useless) is not None:
        yield Finding(
            (*where, useless), f"is for {_behind(not services)}", f"none, or {_behind(not services)}"
        )


def _behind(services: object) -> str:
    return "services" if services else "hosts"


def _places(where: Where, target: LoadBalancer) -> Iterator[Finding]:
    """All is in one region and account, and both rules are of one listener."""
    rule = Arn.of(target.rule)
    others: dict[tuple[str, ...], str] = {
        ("blue", "target_group"): target.blue.target_group,
        ("green", "target_group"): target.green.target_group,
    }
    if target.header_rule:
        others["header_rule",] = target.header_rule
    for keys, text in others.items():
        arn = Arn.of(text)
        if (arn.region, arn.account) != (rule.region, rule.account):
            what = f"is in {arn.region} of account {arn.account}"
            yield Finding(
                (*where, *keys), what, f"{rule.region} of account {rule.account}, where the rule is"
            )
    for key, is_so in (("region", rule.region), ("account", rule.account)):
        said = getattr(target, key)
        if said not in (None, is_so):
            yield Finding((*where, key), f"{said!r} is not where the rule is", repr(is_so))
    if target.header_rule == target.rule:
        yield Finding((*where, "header_rule"), "is the rule that shares traffic out", "another rule")
    elif target.header_rule and _listener(target.header_rule) != _listener(target.rule):
        yield Finding(
            (*where, "header_rule"), "is a rule of another listener", "one of the listener of 'rule'"
        )


def _listener(rule: str) -> str:
    return rule.rpartition("/")[0]
