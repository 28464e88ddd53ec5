"""Facts and configuration have to fit each other, and batches hold every host once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.errors import PolicyRefused
from sendoff.plan.ground import Ground, batch_size, survey
from sendoff.plan.models import HostState
from sendoff.spec.cloud import StaticSite
from sendoff.spec.models import ReleaseFile

FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
Files = Callable[..., ReleaseFile]
Facts = Callable[..., list[HostState]]


@FIXTURES
@given(web=st.integers(1, 40), batch=st.integers(1, 50) | st.integers(1, 100).map("{}%".format))
def test_every_host_is_in_exactly_one_batch_of_the_right_size(
    release_file: Files, facts: Facts, web: int, batch: int | str
) -> None:
    """Batches are of one fleet, in order, numbered through, and only the last of a fleet may be smaller."""
    ground = survey(release_file(web, batch), "production", facts(web))
    assert [host for each in ground.batches for host in each.hosts] == list(ground.hosts)
    assert len(ground.hosts) == web + 1
    assert [each.number for each in ground.batches] == list(range(1, len(ground.batches) + 1))
    sizes = [len(each.hosts) for each in ground.batches if each.target == "web"]
    assert all(size == batch_size(batch, web) for size in sizes[:-1])
    assert 1 <= sizes[-1] <= batch_size(batch, web)


@pytest.mark.parametrize(
    ("batch", "hosts", "size"),
    [(1, 3, 1), (5, 3, 5), ("25%", 8, 2), ("25%", 7, 1), ("1%", 3, 1), ("100%", 3, 3), ("50%", 5, 2)],
)
def test_a_batch_is_a_number_or_a_share_and_never_empty(batch: int | str, hosts: int, size: int) -> None:
    """Shares are rounded down, to no less than one host."""
    assert batch_size(batch, hosts) == size


def test_a_host_without_facts_is_refused_by_name(release_file: Files, facts: Facts) -> None:
    """A plan does not guess what is live."""
    with pytest.raises(PolicyRefused, match=r"nothing is known of web-2 \(web\)"):
        survey(release_file(), "production", [state for state in facts() if state.host != "web-2"])


def test_facts_given_twice_are_refused_by_name(release_file: Files, facts: Facts) -> None:
    """Two facts of one host could contradict each other."""
    with pytest.raises(PolicyRefused, match=r"facts given twice of web-1 \(web\)"):
        survey(release_file(), "production", [*facts(), facts()[0]])


def test_facts_of_a_stranger_are_refused_by_name(release_file: Files, facts: Facts) -> None:
    """Facts of a host that the environment does not have show a mix-up."""
    with pytest.raises(PolicyRefused, match=r"facts of hosts that are not in it: db-1 \(web\)"):
        survey(release_file(), "production", [*facts(), HostState(target="web", host="db-1", live=None)])


def test_a_host_in_two_targets_is_refused(release_file: Files, facts: Facts) -> None:
    """A host goes back to one release, so it can be in one fleet only."""
    file = release_file()
    web, jobs = file.environments[0].targets
    both = file.environments[0].model_copy(
        update={"targets": (web, jobs.model_copy(update={"hosts": ("web-1",)}))}
    )
    with pytest.raises(PolicyRefused, match="web-1 in more than one target"):
        survey(file.model_copy(update={"environments": (both,)}), "production", facts())


def test_an_unknown_environment_is_refused_with_the_known_ones(release_file: Files, facts: Facts) -> None:
    """A slip of the finger gets the list to choose from."""
    with pytest.raises(PolicyRefused, match="expected one of production"):
        survey(release_file(), "prod", facts())


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (("web-1",), "1 host"),
        (("web-1", "web-2"), "2 hosts"),
        (("pages",), "1 site"),
        (("web-1", "pages"), "1 host and 1 site"),
        (("web-1", "web-2", "pages", "help"), "2 hosts and 2 sites"),
        ((), "0 hosts"),
    ],
)
def test_sites_are_counted_apart(release_file: Files, hosts: tuple[str, ...], said: str) -> None:
    """Nobody is told of a host where there is a bucket."""
    production = release_file(web=2).environments[0]
    sites = [StaticSite(kind="s3-site", name=name, bucket="shop") for name in ("pages", "help")]
    mixed = production.model_copy(update={"targets": (*production.targets, *sites)})
    assert Ground(mixed, (), ()).counted(hosts) == said
