"""The rules that say when an environment may be changed, as far as people agree to them."""

from __future__ import annotations

from sendoff.model import digest
from tasks.run import Run

RULES = ("windows", "freezes")


def window_digest(run: Run) -> str:
    """Name the rules of the environment by their content; the same where there are none."""
    said = run.environment.model_dump(mode="json")
    return digest({name: said[name] for name in RULES if said.get(name)})
