"""What has to fit together in a release file, beyond the shape of its parts; all that does not, at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations

from cronsim import CronSim, CronSimError

from sendoff.gates.across import too_few
from sendoff.gates.people import key_of
from sendoff.report.words import listing
from sendoff.spec import hours, placements
from sendoff.spec.canaries import canary_findings
from sendoff.spec.channels import Channels
from sendoff.spec.cloud import CloudTarget, Parameter, StaticSite
from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, quoted, unknown
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.spec.models import (
    Approval,
    Build,
    Environment,
    GitSource,
    HttpCheck,
    InvokeCheck,
    ReleaseFile,
    Schedule,
    Target,
    canary_of,
)
from sendoff.spec.placeholders import BadPlaceholder, names
from sendoff.spec.ssh import SshHosts

CRON_FIELDS = 5
BUILD_NAMES = frozenset({"version", "commit"})
VALUE_NAMES = frozenset({"version", "release"})


def broken_rules(file: ReleaseFile) -> list[Finding]:
    """Check all rules; an empty list means that the file can be released from."""
    return [
        *_repeats(("environments",), [each.name for each in file.environments], "name"),
        *_channels((), file.notify),
        *placements.reserved_variables(file),
        *placements.shared_places(file),
        *_build(file.build),
        *(finding for number in range(len(file.environments)) for finding in _environment(file, number)),
    ]


def _environment(file: ReleaseFile, number: int) -> Iterator[Finding]:
    here: Where = ("environments", number)
    environment = file.environments[number]
    yield from _after(file, number)
    for key, parts in (
        ("targets", environment.targets),
        ("checks", environment.checks),
        ("gates", environment.gates),
    ):
        yield from _repeats((*here, key), [part.name for part in parts], "name")
    for index, fleet in enumerate(environment.targets):
        yield from _fleet((*here, "targets", index), fleet)
    for index, check in enumerate(environment.checks):
        yield from _repeats((*here, "checks", index, "targets"), check.targets)
        if isinstance(check, HttpCheck):
            yield from _pattern((*here, "checks", index, "body"), check.body)
        elif isinstance(check, InvokeCheck):
            yield from _invoke((*here, "checks", index), check)
    for index, gate in enumerate(environment.gates):
        yield from _approval((*here, "gates", index), gate)
    yield from _together((*here, "gates"), environment.gates)
    yield from _emergency(here, environment)
    yield from _repeats((*here, "on_trouble", "answerers"), environment.on_trouble.answerers)
    yield from hours.windows((*here, "windows"), environment.windows)
    yield from hours.freezes((*here, "freezes"), environment.freezes)
    yield from _channels(here, environment.notify)
    if environment.schedule:
        yield from _schedule((*here, "schedule"), environment.schedule, environment, file.build)
    yield from placements.hosts(file, here, environment)
    yield from placements.checks(here, environment)
    yield from placements.templates(file, here, environment)


def _repeats(where: Where, values: Sequence[str], key: str = "") -> Iterator[Finding]:
    """Find what stands in a list twice; with a key, the items are mappings that are told apart by it."""
    for index, value in enumerate(values):
        if value in values[:index]:
            at = (*where, index, key) if key else (*where, index)
            yield Finding(at, f"{quoted(value)} stands here twice", "each once")


def _after(file: ReleaseFile, number: int) -> Iterator[Finding]:
    after = file.environments[number].after
    earlier = [each.name for each in file.environments[:number]]
    if after is None or after in earlier:
        return
    where = ("environments", number, "after")
    if after in (each.name for each in file.environments):
        yield Finding(where, f"{after!r} does not come before this environment", _earlier(earlier))
    else:
        yield Finding(where, f"unknown environment {after!r}", _earlier(earlier))


def _earlier(names_before: list[str]) -> str:
    if not names_before:
        return "no 'after' in the first environment"
    return f"an earlier environment: {', '.join(names_before)}"


def _build(build: Build) -> Iterator[Finding]:
    where: Where = ("build",)
    if isinstance(build.command, str) and not build.shell:
        yield Finding(
            (*where, "command"), "is one text", "a list of words, or 'shell: true' for a shell to run it"
        )
    if not isinstance(build.command, str) and build.shell:
        yield Finding((*where, "command"), "is a list of words", "one text, as 'shell' is true")
    words = [build.command] if isinstance(build.command, str) else build.command
    for index, word in enumerate(words):
        at = (*where, "command") if isinstance(build.command, str) else (*where, "command", index)
        yield from _named(at, word, BUILD_NAMES)
    if isinstance(build.source, GitSource):
        yield from _ref((*where, "source", "ref"), build.source.ref)
    yield from _repeats((*where, "environment"), build.environment)
    yield from _repeats((*where, "secrets"), build.secrets)
    for index, secret in enumerate(build.secrets):
        if secret in build.environment:
            what = f"{secret!r} stands in 'environment' too"
            yield Finding((*where, "secrets", index), what, "a variable of the worker or a secret, not both")


def _ref(where: Where, ref: str) -> Iterator[Finding]:
    found = list(_named(where, ref, frozenset({"version"})))
    yield from found
    if not found and "version" not in names(ref):
        yield Finding(
            where, f"{quoted(ref)} is the same for all versions", "a text with {version}, such as v{version}"
        )


def _named(where: Where, text: str, allowed: Iterable[str]) -> Iterator[Finding]:
    try:
        for name in sorted(names(text) - set(allowed)):
            yield Finding(where, *unknown(name, list(allowed), "placeholder"))
    except BadPlaceholder as error:
        yield Finding(where, str(error))


def _fleet(where: Where, fleet: Target) -> Iterator[Finding]:
    if isinstance(fleet, StaticSite):
        yield from _repeats((*where, "cache"), [rule.files for rule in fleet.cache], "files")
    if canary := canary_of(fleet):
        yield from canary_findings((*where, "canary"), canary)
    if isinstance(fleet, Parameter):
        yield from _named((*where, "value"), fleet.value, VALUE_NAMES)
    if isinstance(fleet, LoadBalancer):
        for side, each in fleet.sides.items():
            yield from _repeats((*where, side, "hosts"), each.hosts)
            yield from _repeats((*where, side, "groups"), each.groups)
        if fleet.fleet:
            yield from _on_hosts((*where, "fleet"), fleet.fleet)
    if isinstance(fleet, CloudTarget):
        return
    yield from _repeats((*where, "hosts"), fleet.hosts)
    yield from _repeats((*where, "groups"), fleet.groups)
    yield from _on_hosts(where, fleet)


def _on_hosts(where: Where, fleet: SshHosts) -> Iterator[Finding]:
    yield from _repeats((*where, "shared"), fleet.shared)
    yield from _repeats((*where, "commands", "secrets"), fleet.commands.secrets)
    for index, inner in enumerate(fleet.shared):
        for outer in fleet.shared:
            if inner.startswith(f"{outer}/"):
                what = f"{quoted(inner)} lies in {quoted(outer)}, which is shared too"
                yield Finding((*where, "shared", index), what, "folders that do not lie in each other")


def _invoke(where: Where, check: InvokeCheck) -> Iterator[Finding]:
    yield from _pattern((*where, "answer"), check.answer)
    try:
        json.loads(check.payload)
    except ValueError as error:
        yield Finding((*where, "payload"), f"{quoted(check.payload)} is no JSON ({error})", "JSON, as text")


def _pattern(where: Where, pattern: str | None) -> Iterator[Finding]:
    try:
        re.compile(pattern or "")
    except (re.error, OverflowError, RecursionError) as error:
        yield Finding(where, f"{quoted(pattern)} does not compile ({error})", "a regular expression")


def _approval(where: Where, gate: Approval) -> Iterator[Finding]:
    yield from _repeats((*where, "approvers"), gate.approvers)
    yield from _repeats((*where, "approvals"), [each.group for each in gate.approvals], "group")
    possible = len(set(gate.approvers))
    if gate.approvals and (gate.approvers or gate.count != 1):
        key = "approvers" if gate.approvers else "count"
        yield Finding((*where, key), "stands beside 'approvals'", "people by name or by group, not both")
    elif gate.approvers and gate.count > possible:
        yield Finding(
            (*where, "count"), f"{gate.count} have to agree of {possible} who may", f"{possible} or less"
        )
    yield from _times(where, gate)


def _together(where: Where, gates: Sequence[Approval]) -> Iterator[Finding]:
    """Find gates that each could be opened, but not all of them: one person counts once in all."""
    few = too_few(gates)
    if len(few) > 1:
        asked = sum(gate.count for gate in few)
        may = len({key_of(name) for gate in few for name in gate.approvers})
        names = listing(quoted(gate.name) for gate in few)
        yield Finding(
            where,
            f"{asked} have to agree at {names}, of {may} who may",
            f"{asked} who may, as one person counts once in all gates",
        )


def _times(where: Where, gate: Approval) -> Iterator[Finding]:
    """Find what a gate would never come to: it reminds, then escalates, then expires."""
    if (gate.escalate_after is None) != (gate.escalate_to is None):
        given, lacks = "escalate_after", "escalate_to"
        if gate.escalate_after is None:
            given, lacks = lacks, given
        yield Finding((*where, given), f"has no {lacks!r}", "both, or none of them")
    named = ((name, getattr(gate, name)) for name in ("remind_after", "escalate_after", "expires_after"))
    for (first, sooner), (second, after) in combinations([each for each in named if each[1] is not None], 2):
        if sooner >= after:
            what = f"comes no later than {first!r}"
            yield Finding((*where, second), what, "first to remind, then to escalate, then to expire")


def _emergency(here: Where, environment: Environment) -> Iterator[Finding]:
    for index, gate in enumerate(environment.gates):
        if gate.name == "emergency":
            what = "'emergency' is the gate that stands in for those that are skipped"
            yield Finding((*here, "gates", index, "name"), what, "another name")
    if environment.emergency is None:
        return
    where = (*here, "emergency")
    yield from _repeats((*where, "approvers"), environment.emergency.approvers)
    if environment.emergency.approvers and environment.emergency.group:
        yield Finding((*where, "group"), "stands beside 'approvers'", "people by name or by group, not both")
    if not environment.gates:
        yield Finding(where, "there is no gate that could be skipped", "it only where there are 'gates'")


def _channels(here: Where, channels: Channels) -> Iterator[Finding]:
    yield from _repeats((*here, "notify"), [each.name for each in channels], "name")
    for index, channel in enumerate(channels):
        yield from _repeats((*here, "notify", index, "events"), channel.events)


def _schedule(where: Where, schedule: Schedule, environment: Environment, build: Build) -> Iterator[Finding]:
    if environment.gates:
        yield Finding(
            where, "people have to agree here ('gates')", "a schedule only where there are no gates"
        )
    if not isinstance(build.source, GitSource):
        yield Finding(where, "a folder has no newest commit", "a schedule only with a source in git")
    if (reason := _cron_error(schedule.cron)) is not None:
        what = f"{quoted(schedule.cron)} is no time that comes ({reason})"
        yield Finding((*where, "cron"), what, "minute hour day month weekday, such as '0 2 * * *'")
    yield from hours.zone((*where, "timezone"), schedule.timezone)


def _cron_error(cron: str) -> str | None:
    if len(cron.split()) != CRON_FIELDS:
        return f"{len(cron.split())} fields"
    try:
        next(CronSim(cron, datetime(2000, 1, 1)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return "never"
    return None
