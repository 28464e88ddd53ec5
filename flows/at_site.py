"""Do one step of a release on the hosts of a site, by the worker of that site. Releases start it."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY
from tasks.at_site import serve
from tasks.order import Order


@flow(name="at-site", **STORY)
def at_site(order: Order) -> State[Any]:
    """Do one step of a release on the hosts of this site. A release starts it; people have no need to.

    Args:
        order: Which step, of which run, on which hosts
    """
    return serve(order)
