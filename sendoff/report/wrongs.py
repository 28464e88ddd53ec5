"""What was wrong, in the words of the checks, of the people and of the machinery."""

from __future__ import annotations

from collections.abc import Iterator

from sendoff.report.story import NOT_PUT_BACK, Body, Story
from sendoff.report.words import count, listing

MOST_REASONS = 3
LAST_LINES = "; its last lines:"


def reason(story: Story) -> str:
    """Say why it ended as it did: who objected, which checks failed, or else what was said at the end."""
    if story.end == "rejected" and (objections := tuple(_objections(story))):
        return listing(objections)
    if story.end == "expired" and (expired := story.last("approval.expired")):
        return str(expired.get("said"))
    if story.failed_checks and story.end in ("undone", "failed"):
        told = [failure(check) for check in story.failed_checks[:MOST_REASONS]]
        more = len(story.failed_checks) - MOST_REASONS
        return "; ".join([*told, f"and {count(more, 'more failed check')}"] if more > 0 else told)
    return first_line(story.said.partition(f"{NOT_PUT_BACK}")[0])


def failure(check: Body) -> str:
    """Tell a failed check in its own words, with the host when they do not begin with it."""
    said = " ".join(str(check.get("said") or "no details").split())
    host = str(check.get("host") or "")
    return said if not host or said.startswith(f"{host} ") else f"{host}: {said}"


def first_line(said: str) -> str:
    """Shorten what machinery said to its first line, and the last line of the output that it quotes."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return "no reason was recorded"
    first = lines[0]
    if not first.endswith(LAST_LINES):
        return first
    quoted = [line.removeprefix("|").strip() for line in lines[1:] if line.startswith("|")]
    last = f"; it said last: '{quoted[-1]}'" if quoted else ""
    return first.removesuffix(LAST_LINES) + last


def _objections(story: Story) -> Iterator[str]:
    for answer in story.answers:
        if answer.get("decision") == "reject":
            yield f"{answer.get('approver')} wrote {str(answer.get('comment') or '')!r}"
