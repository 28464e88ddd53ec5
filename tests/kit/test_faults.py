"""Deeds that cope with a fault pass, and those that do not are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sendoff.errors import StepErrored
from tests.kit.emulators import Moto, connect
from tests.kit.faults import Deed, Tally, every_request, undisturbed
from tests.kit.network import Network, disturbed

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws")]


@pytest.fixture
def network(moto: Moto) -> Iterator[Network]:
    moto.reset()
    with disturbed(moto.endpoint) as found:
        yield found


class Parameter:
    """A parameter that counts how often it was set, in one of two ways."""

    def __init__(self, network: Network, moto: Moto) -> None:
        self.over, self.here = connect("ssm", network.endpoint, tries=1), moto.client("ssm")
        self.number = 0
        self.here.put_parameter(Name="n", Value="0", Type="String")

    def deed(self, add: Callable[[], object]) -> Deed:
        def begin() -> Callable[[], object]:
            self.number += 1
            return add

        return Deed(begin, self.see)

    def see(self) -> None:
        assert self.value(self.here) == self.number

    def value(self, client: Any) -> int:
        return int(client.get_parameter(Name="n")["Parameter"]["Value"])

    def put(self, number: int) -> None:
        self.over.put_parameter(Name="n", Value=str(number), Overwrite=True)

    def rightly(self) -> None:
        """Say what it has to be."""
        try:
            if self.value(self.over) != self.number:
                self.put(self.number)
        except (ClientError, ConnectionClosedError) as error:
            raise StepErrored("n: is not set, expected it") from error

    def wrongly(self) -> None:
        """Say what it is and one more: twice when an answer was lost."""
        try:
            self.put(self.value(self.over) + 1)
        except ConnectionClosedError as error:
            raise StepErrored("n: is not set, expected it") from error


@pytest.fixture
def parameter(network: Network, moto: Moto) -> Parameter:
    return Parameter(network, moto)


@pytest.mark.parametrize("fault", ["dropped", "lost", (500, "InternalError"), "throttled"])
def test_what_copes(parameter: Parameter, network: Network, fault: str | tuple[int, str]) -> None:
    """It is tried at each of its requests, and each is one that failed."""
    assert every_request([parameter.deed(parameter.rightly)], network, fault) == Tally(points=2, errors=2)
    assert undisturbed(parameter.deed(parameter.rightly), network) == 2


def test_what_is_done_twice(parameter: Parameter, network: Network) -> None:
    """An answer that is lost shows what a repeat does once more."""
    deed = parameter.deed(parameter.wrongly)
    assert every_request([deed], network, "dropped") == Tally(points=2, errors=2)
    with pytest.raises(AssertionError):
        every_request([deed], network, "lost")


def test_what_is_not_foreseen(parameter: Parameter, network: Network) -> None:
    """An error that is not broken machinery is shown."""
    with pytest.raises(ClientError):
        every_request([parameter.deed(parameter.wrongly)], network, (400, "NoSuchThing"))


def test_broken_by_itself(parameter: Parameter, network: Network) -> None:
    """What breaks although the network did not is shown."""

    def broken() -> None:
        raise StepErrored("n: is not there, expected it")

    with pytest.raises(StepErrored):
        every_request([parameter.deed(broken)], network, "dropped")
