"""Which flows are registered, by the name of each and its entrypoint, and who starts them. Pure."""

from __future__ import annotations

STORIES = {
    "release": "flows.release.release",
    "build": "flows.build.build",
    "deploy": "flows.deploy.deploy",
    "verify": "flows.verify.verify",
    "go-live": "flows.go_live.go_live",
    "rollback": "flows.rollback.rollback",
    "stop-the-line": "flows.line.line",
    "close-review": "flows.close_review.close_review",
}
"""What people start."""

INNER = {
    "at-site": "flows.at_site.at_site",
    "answer-by-default": "flows.answer_by_default.answer_by_default",
    "wake": "flows.wake.wake",
    "tell": "flows.tell.tell",
}
"""What only the processes of runs start: these flows believe what they are told."""

RECOVER = "flows.recover.recover"
"""What automations start, and admins where these did not: it looks at a run before it does anything."""

NIGHTLY = STORIES["release"]
"""What schedules start."""

ENTRYPOINTS = frozenset((*STORIES.values(), *INNER.values(), RECOVER))
