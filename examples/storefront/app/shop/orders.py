"""Orders: one line of JSON each, kept where releases come and go."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

LARGEST = 4096
_one_at_a_time = threading.Lock()


class OrderRefused(Exception):
    """The order makes no sense; the text says why."""


def place(body: bytes, prices: dict[str, int], data: Path) -> dict[str, object]:
    """Check an order such as `{"mug": 2}` and keep it; gives what is to be paid, in cents."""
    items = _items(body, prices)
    total = sum(prices[product] * count for product, count in items.items())
    line = json.dumps({"at": int(time.time()), "items": items, "total": total}, sort_keys=True) + "\n"
    with _one_at_a_time, (data / "orders.jsonl").open("a", encoding="utf-8") as orders:
        orders.write(line)
    return {"items": items, "total": total}


def _items(body: bytes, prices: dict[str, int]) -> dict[str, int]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        raise OrderRefused("the order is not JSON") from None
    if not isinstance(items, dict) or not items:
        raise OrderRefused("the order is empty")
    for product, count in items.items():
        if product not in prices:
            raise OrderRefused(f"{product!r} is not sold here")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 99:
            raise OrderRefused(f"{product!r}: {count!r} is not a number from 1 to 99")
    return items
