"""Answers with the price of an order."""

PRICES = {"mug": 1200, "lamp": 4900}


def handler(event, context):
    """Add up what was ordered, in cents; an event without items is asked by a check, and costs nothing."""
    items = event.get("items", [])
    return {"total": sum(PRICES[item] for item in items), "version": context.function_version}
