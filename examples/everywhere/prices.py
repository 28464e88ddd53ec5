"""Answers with the price of an order."""

from pathlib import Path

PRICES = {"mug": 1200, "lamp": 4900}


def handler(event, context):
    """Add up what was ordered, in cents; a check that orders nothing pays nothing."""
    items = event.get("items", [])
    version = Path(__file__).with_name("version").read_text().strip()
    return {"total": sum(PRICES[item] for item in items), "version": version}
