"""What people agree to: five digests, and a short code that people can compare."""

from __future__ import annotations

from sendoff.model import Frozen, short

PARTS = {
    "artifact": "what is released (artifact)",
    "configuration": "how it is released (release file)",
    "plan": "what is live now, and what will be done in which order (plan)",
    "intent": "why it is released, and with which risk (intent)",
    "window": "when it may be released (windows and freezes)",
}
"""The parts, in the words of those who agree to them."""


class Subject(Frozen):
    """What an approval is of. Two are the same only when all five digests are."""

    artifact: str
    configuration: str
    plan: str
    intent: str
    window: str

    @property
    def code(self) -> str:
        """Shorten it to what a person can compare: 8 digits."""
        return short(self)


def changed(old: Subject, new: Subject) -> tuple[str, ...]:
    """Name the parts that are not what they were."""
    return tuple(words for part, words in PARTS.items() if getattr(old, part) != getattr(new, part))
