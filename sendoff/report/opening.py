"""The first paragraphs of a report, in the language of the business; plain text, not Markdown yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sendoff.report.phases import held, waited
from sendoff.report.standing import exposure, where_it_stands
from sendoff.report.story import Story, version_words
from sendoff.report.words import capital, count, duration, listing, moment, sentence
from sendoff.report.wrongs import MOST_REASONS, failure, reason

NEXT = {
    "undone": "mend what was wrong and release it as a new version; this one would most likely end the same",
    "failed": "mend what failed, then release again",
    "rejected": "settle the objection with those who raised it, then start the release again",
    "expired": "find out why nobody answered, then start the release again",
    "cancelled": "start the release again when it is wanted; what is done already is not done twice",
    "refused": "do what the refusal asks for, then start the release again",
    "errored": "have an engineer look at the hosts below and mend what broke, then start the release again; "
    "what is done already is not done twice",
}
ENDED = {
    "undone": "{what} was undone by itself in {where}, as it was not good: {why}",
    "rejected": "{what} was rejected and did not go live in {where}: {why}",
    "expired": "{what} did not go live in {where}, as not enough people answered in time: {why}",
    "refused": "{what} was not released to {where}, as a rule says no, and nothing was changed: {why}",
    "failed": "{what} failed before anybody in {where} could see it: {why}",
    "errored": "{what} could not be brought to {where}, as the machinery broke: {why}",
    "cancelled": "{what} was cancelled before it was done in {where}: {why}",
    "nothing-to-do": "nothing was to be done for {what} in {where}: {why}",
}
DONE = {
    "build": "{what} is built and in the artifact store; no host was changed",
    "deploy": "{what} lies dark on {hosts} of {where}, checked; it gets no traffic yet",
    "verify": "{application} in {where} is healthy: {what} was checked on {hosts}",
}


def paragraphs(story: Story, now: datetime) -> Iterator[str]:
    """Tell what changed for whom, who agreed, how long it took, whether it is healthy, and what is next.

    What did not come out well begins with what was wrong, what customers saw, what is live and what to do.
    """
    about = sentence(str(story.intent.get("summary") or ""))
    if _fell_through(story):
        yield " ".join(_trouble(story, now))
        about = f"It was about this: {about}" if about else ""
    else:
        yield from ([f"What changes: {about}"] if about else [])
        about = sentence(capital(outcome(story)))
    told = (about, *_agreement(story), *_decided(story), *_time(story, now), *_health(story))
    yield " ".join(part for part in told if part)


def outcome(story: Story) -> str:
    """Say in one sentence, without its full stop, what came of the release."""
    what, where = f"{story.application} {story.version}", story.environment
    if story.end == "live":
        return _live(story)
    if story.end == "done":
        return _done(story)
    if story.end == "failed" and story.flow == "verify":
        return f"{story.application} in {where} is not healthy: {reason(story)}"
    if story.end in ENDED:
        return ENDED[story.end].format(what=what, where=where, why=reason(story))
    if story.end:
        return f"{what} to {where} ended as {story.end!r}: {reason(story)}"
    return f"{what} to {where} {_doing(story)}"


def brief_outcome(story: Story, now: datetime) -> str:
    """Say it in one line for the state of a run: of what was undone also what is live, and who saw it."""
    if story.end != "undone":
        return outcome(story)
    stuck = f"NOT put back, or not seen to be: {listing(story.stuck)}" if story.stuck else ""
    parts = (reason(story), stuck, where_it_stands(story), exposure(story, now))
    told = "; ".join(part for part in parts if part)
    return f"{story.application} {story.version} was undone: {told}"


def _trouble(story: Story, now: datetime) -> Iterator[str]:
    yield sentence(capital(outcome(story)))
    standing = where_it_stands(story)
    if standing and story.end != "nothing-to-do":
        yield sentence(capital(exposure(story, now, named=True)))
    if standing:
        yield sentence(f"Now {standing}")
    if story.end in NEXT:
        first = f"see to {listing(story.stuck)} first; then " if story.stuck else ""
        yield sentence(f"What to do next: {first}{NEXT[story.end]}")


def _done(story: Story) -> str:
    served = {body.get("host") for body in story.steps("deploy", "check-live")}
    return DONE.get(story.flow, "{what} in {where} is done").format(
        what=f"{story.application} {story.version}",
        application=story.application,
        where=story.environment,
        hosts=count(len(served), "host"),
    )


def _live(story: Story) -> str:
    wanted = [place.host for place in story.places if version_words(place.now) == story.version]
    all_of_them = count(len(story.places), "host")
    share = all_of_them if len(wanted) == len(story.places) else f"{len(wanted)} of {all_of_them}"
    hosts = f" on {share}" if wanted else ""
    if story.is_rollback:
        return f"{story.application} in {story.environment} went back to {story.version}{hosts}"
    return f"{story.application} {story.version} is live in {story.environment}{hosts}"


def _doing(story: Story) -> str:
    asked = [event for event in story.events if event.kind == "approval.asked"]
    if asked and story.events[-1] is asked[-1]:
        return f"is waiting for approval {asked[-1].body.get('gate')!r} since {moment(asked[-1].at)}"
    last = next((event for event in reversed(story.events) if event.kind != "hold.asked"), None)
    if last and last.kind == "release.held":
        return f"is held since {moment(last.at)}: {last.body['said']}"
    if last and last.kind == "trouble.asked":
        return f"is waiting to be told what to do, as {last.body['said']}, since {moment(last.at)}"
    return "is still under way"


def _fell_through(story: Story) -> bool:
    return story.end not in (None, "live", "done")


def _agreement(story: Story) -> Iterator[str]:
    agreed = [answer for answer in story.answers if answer.get("decision") == "approve"]
    if agreed:
        yield f"Agreed to by {listing(dict.fromkeys(str(answer.get('approver')) for answer in agreed))}."
    elif story.end == "live":
        yield "Nobody had to agree."
    named = [event.body for event in story.decisions if event.body.get("who")]
    if any(not answer.get("proved") for answer in (*story.answers, *named, *story.overrides)):
        yield "As nobody signs in yet, names are what was typed and were not proved."


def _decided(story: Story) -> Iterator[str]:
    """Tell what broke on the way, and what people made of it."""
    for event in story.decisions:
        yield sentence(f"When {event.body['broke']}, {event.body['said']}")
    for body in story.overrides:
        yield sentence(f"It went on in a freeze: {body['said']}")


def _time(story: Story, now: datetime) -> Iterator[str]:
    if story.started_at is None:
        return
    took = max((story.until(now) - story.started_at).total_seconds(), 0)
    named = ((waited(story, now), "waiting for people"), (held(story, now), "being held"))
    parts = [f"{duration(seconds)} was {what}" for seconds, what in named if seconds]
    share = f", of which {listing(parts)}" if parts else ""
    yield f"It {'took' if story.end else 'has taken'} {duration(took)}{share}."


def _health(story: Story) -> Iterator[str]:
    if story.end != "live":
        return
    left_out = {place.host for place in story.places if version_words(place.now) != story.version}
    newest = [check for check in story.newest_checks if check.get("host") not in left_out]
    failing = [check for check in newest if not check.get("passed")]
    if failing:
        yield f"Not all is well: {'; '.join(failure(check) for check in failing[:MOST_REASONS])}."
    elif newest:
        yield f"It is healthy: {_all_checks(len(newest))} passed."
    else:
        yield "Whether it is healthy is not known: there are no checks."


def _all_checks(number: int) -> str:
    return "its only check" if number == 1 else f"all {number} checks"
