"""Which hosts are served here, and which by the workers of other sites."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.sites import apart, deployment, pool

TARGETS = ("web", "api", "jobs", "far")
sites = st.sampled_from([None, "berlin", "zurich"])
hosts = st.lists(st.tuples(st.sampled_from(TARGETS), st.integers(0, 50).map(str)), unique=True)


@given(hosts, st.fixed_dictionaries(dict.fromkeys(TARGETS, sites)), sites)
def test_each_host_is_served_once_where_it_belongs(
    keys: list[tuple[str, str]], site_of: dict[str, str | None], here: str | None
) -> None:
    """Nothing is lost or doubled, the order stays, and a worker gets its own hosts only."""
    served_here, elsewhere = apart(keys, site_of.__getitem__, here)
    assert served_here == [key for key in keys if site_of[key[0]] in (None, here)]
    assert here not in elsewhere
    assert all(elsewhere.values())
    for site, theirs in elsewhere.items():
        assert theirs == [key for key in keys if site_of[key[0]] == site]
    assert len(served_here) + sum(map(len, elsewhere.values())) == len(keys)


def test_names_at_the_server() -> None:
    """A site has a pool and a deployment of its own."""
    assert (pool("berlin"), deployment("berlin")) == ("sendoff-berlin", "at-site/berlin")
