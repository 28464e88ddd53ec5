"""Names as people write them."""

from __future__ import annotations

from collections.abc import Iterable


def same_person(one: str, other: str) -> bool:
    """Compare names without regard to case and surrounding space."""
    return key_of(one) == key_of(other)


def is_among(name: str, names: Iterable[str]) -> bool:
    """Tell whether a person is one of these."""
    return any(same_person(name, each) for each in names)


def key_of(name: str) -> str:
    """Give the one form of a name that is compared."""
    return " ".join(name.split()).casefold()
