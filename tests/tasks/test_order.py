"""What is asked of a site: small, without secrets, and found again in the ledger."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from tasks.order import Order, from_words, in_words

ARTIFACT = Artifact(
    application="shop", version="1", digest="ab" * 32, size=1, files=1, built_at="now", built_by="ada"
)


def run(**bodies: dict[str, Any]) -> Any:
    """Give a run whose ledger has at most one event of each kind."""
    known = {kind.replace("_", "."): SimpleNamespace(body=body) for kind, body in bodies.items()}
    ledger = SimpleNamespace(
        last=lambda release, kinds: known.get(kinds[0]),
        events=lambda release, kinds: [known[kinds[0]]] if kinds[0] in known else [],
    )
    return SimpleNamespace(id="r1", ledger=ledger)


def test_it_travels_as_json() -> None:
    """What the server hands on is what was asked for; hosts keep their targets."""
    order = Order(run="r1", number=3, site="berlin", step="look at", hosts={"web": ("a", "b"), "api": ("c",)})
    assert Order.model_validate(order.model_dump(mode="json")) == order
    assert order.keys == [("web", "a"), ("web", "b"), ("api", "c")]


def test_inputs_are_found_by_name() -> None:
    """An artifact goes by its digest and comes back whole; a word stays a word."""
    words = in_words({"artifact": ARTIFACT, "release": "1-abab"})
    assert words == {"artifact": ARTIFACT.digest, "release": "1-abab"}
    built = run(release_built={"artifact": ARTIFACT.model_dump(mode="json")})
    assert from_words(built, words) == {"artifact": ARTIFACT, "release": "1-abab"}


@pytest.mark.parametrize("name", ["artifact", "plan"])
def test_what_the_ledger_lacks(name: str) -> None:
    """Another artifact or plan than the one that was named is never taken instead."""
    other = ARTIFACT.model_copy(update={"digest": "cd" * 32}).model_dump(mode="json")
    known = run(release_built={"artifact": other}, release_planned={"plan_digest": "cd" * 32, "plan": {}})
    with pytest.raises(StepErrored, match=f"ledger: has no {name} abababab"):
        from_words(known, {name: "ab" * 32})
