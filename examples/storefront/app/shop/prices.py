"""The price list: cents by product."""

from __future__ import annotations

import json
from pathlib import Path

PRICES = "prices.json"


def read(root: Path) -> dict[str, int]:
    """Read the price list; OSError or ValueError when there is none that can be used."""
    prices = json.loads((root / PRICES).read_text("utf-8"))
    return {str(product): int(cents) for product, cents in prices.items()}


def shown(cents: int | None) -> str:
    """Write a price as customers read it."""
    return "price on request" if cents is None else f"€ {cents // 100}.{cents % 100:02}"


def problems(root: Path) -> list[str]:
    """Say what is wrong with the price list: missing, unreadable or without one of the products."""
    try:
        prices = read(root)
        products = json.loads((root / "products.json").read_text("utf-8"))
    except FileNotFoundError as error:
        name = Path(error.filename).relative_to(root)
        return [f"price list: {name} is missing from this build: nothing can be sold"]
    except (OSError, ValueError, AttributeError) as error:
        return [f"price list: cannot be read: {error}"]
    return [f"price list: no price for {each['id']!r}" for each in products if each["id"] not in prices]
