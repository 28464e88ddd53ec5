"""The ground a plan stands on: the hosts of an environment, what is live there, and their batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sendoff.errors import PolicyRefused
from sendoff.plan.models import Batch, HostState
from sendoff.report.words import count, listing
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import Environment, ReleaseFile, Target, When


@dataclass(frozen=True)
class Ground:
    """An environment with the facts of its hosts, in the order of the release file."""

    environment: Environment
    now: tuple[HostState, ...]
    batches: tuple[Batch, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Name the hosts that are served: all but those that are left out."""
        served = {host for batch in self.batches for host in batch.hosts}
        return tuple(state.host for state in self.now if state.host in served)

    def fleet(self, batch: Batch) -> Target:
        """Find the fleet that a batch is of."""
        return next(fleet for fleet in self.environment.targets if fleet.name == batch.target)

    def counted(self, hosts: Sequence[str]) -> str:
        """Count hosts, sites, functions and so on apart."""
        return counted(self.environment, hosts)

    def checked(self, when: When) -> tuple[str, ...]:
        """Name the hosts that are served of which something is checked at one of the two moments."""
        about = {
            host
            for batch in self.batches
            for host in batch.hosts
            if self.environment.checks_of(batch.target, when)
        }
        return tuple(host for host in self.hosts if host in about)

    def states(self, batch: Batch) -> tuple[HostState, ...]:
        """Give the facts of a batch's hosts."""
        return tuple(state for state in self.now if state.host in batch.hosts)


def counted(environment: Environment, hosts: Iterable[str]) -> str:
    """Count hosts, sites, functions and so on apart, as `2 hosts and 1 site`."""
    nouns = {each.name: each.noun for each in environment.targets if isinstance(each, CloudTarget)}
    found = Counter(nouns.get(host, "host") for host in hosts)
    return listing((count(number, noun) for noun, number in found.items()), otherwise=count(0, "host"))


def survey(
    file: ReleaseFile, environment: str, facts: Sequence[HostState], left_out: Collection[str] = ()
) -> Ground:
    """Match facts with configuration; PolicyRefused when they do not fit each other."""
    where = f"{file.application} to {environment}"
    try:
        chosen = file.environment(environment)
    except KeyError:
        known = ", ".join(each.name for each in file.environments)
        raise PolicyRefused(
            f"{where}: no such environment, expected one of {known}; name one of these"
        ) from None
    expected = [(fleet.name, host) for fleet in chosen.targets for host in file.hosts_of(fleet)]
    if wrong := "; ".join(_mismatches(expected, [(state.target, state.host) for state in facts])):
        raise PolicyRefused(
            f"{where}: {wrong}, expected what is live on each host once; read the hosts again"
        )
    by_host = {state.host: state for state in facts}
    return Ground(
        chosen, tuple(by_host[host] for _, host in expected), tuple(_batches(file, chosen, left_out))
    )


def _mismatches(expected: Sequence[tuple[str, str]], given: Sequence[tuple[str, str]]) -> Iterator[str]:
    hosts = [host for _, host in expected]
    if doubled := sorted({host for host in hosts if hosts.count(host) > 1}):
        yield f"{', '.join(doubled)} in more than one target"
    for problem, pairs in (
        ("nothing is known of", set(expected) - set(given)),
        ("facts of hosts that are not in it:", set(given) - set(expected)),
        ("facts given twice of", {pair for pair in given if given.count(pair) > 1}),
    ):
        if pairs:
            yield f"{problem} {', '.join(f'{host} ({target})' for target, host in sorted(pairs))}"


def batch_size(batch: int | str, hosts: int) -> int:
    """Read a batch size, a number or a share of the hosts, rounded down; at least 1."""
    return max(1, hosts * int(batch.rstrip("%")) // 100 if isinstance(batch, str) else batch)


def _batches(file: ReleaseFile, environment: Environment, left_out: Collection[str]) -> Iterator[Batch]:
    number = 0
    for fleet in environment.targets:
        hosts = tuple(host for host in file.hosts_of(fleet) if host not in left_out)
        size = batch_size(fleet.batch, len(file.hosts_of(fleet)))
        for start in range(0, len(hosts), size):
            number += 1
            chosen = hosts[start : start + size]
            yield Batch(number=number, target=fleet.name, hosts=chosen, max_failures=fleet.max_failures)
