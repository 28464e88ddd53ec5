"""Places and hosts, as runs name them."""

from __future__ import annotations

from sendoff.plan.models import Batch
from sendoff.spec.intent import What
from tasks.run import Place, hosts_in


def test_place_is_where_the_work_is() -> None:
    """It is told in words, and a lease is taken of it by name."""
    place = Place.of(What(application="shop", environment="live", version="1"))
    assert str(place) == "live of shop"
    assert place.resource == "shop/live"


def test_hosts_of_batches_keep_their_order() -> None:
    """Hosts come batch by batch, each with its target."""
    batches = (
        Batch(number=1, target="web", hosts=("b", "a"), max_failures=0),
        Batch(number=2, target="api", hosts=("c",), max_failures=0),
    )
    assert hosts_in(batches) == [("web", "b"), ("web", "a"), ("api", "c")]
