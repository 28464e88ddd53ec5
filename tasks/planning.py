"""Decide what will be done, from the facts as they are now; and again whenever they may have changed."""

from __future__ import annotations

from collections.abc import Sequence

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.gates import Subject, Verdict
from sendoff.gates.history import History
from sendoff.plan.make import make_release_plan
from sendoff.plan.models import Plan
from sendoff.report.brief import brief
from sendoff.reviews import REVIEWS, open_reviews
from sendoff.spec.intent import NEWEST
from sendoff.spec.models import Approval
from tasks.durable import HostKey
from tasks.earlier import earlier
from tasks.facts import lacking, preflight, states
from tasks.left_out import left_out
from tasks.pinned import pinned
from tasks.publish import publish_plan
from tasks.run import Run
from tasks.when import when_lines


def live_already(run: Run) -> str | None:
    """Say so when the newest commit was asked for and serves every host already, by the ledger."""
    if run.asked_for != NEWEST:
        return None
    live = {(each.target, each.host): each.commit for each in run.placements()}
    if any(live.get(key) != run.commit for key in run.everywhere()):
        return None
    return f"its newest commit, {(run.commit or '')[:10]}, is live there already"


class Planner:
    """Makes the plan of a release, and the brief that approvers read. A plain class, as `Run` is."""

    def __init__(self, run: Run, artifact: Artifact) -> None:
        self.run, self.artifact = run, artifact
        built = run.ledger.last(run.id, ("release.built",))
        self.commits = [Commit.model_validate(each) for each in built.body["commits"]] if built else []

    def plan(self) -> Plan:
        """Look at all hosts and plan.

        Once traffic has been moved by this run, its plan stays what it was, and a host that is not ready
        any more is no reason to refuse: what has been begun is carried out, or undone.
        """
        run = self.run
        if known := pinned(run):
            return known
        facts, gone = preflight(run, self.artifact), left_out(run)
        plan = make_release_plan(
            run.file,
            run.config_digest,
            run.place.environment,
            self.artifact,
            states(facts, gone),
            left_out=[host for _, host in gone],
            emergency=run.why.emergency,
        )
        write_down(run, plan, lacking(facts, self.artifact.release_name))
        return plan

    def current(self, plan: Plan) -> Plan:
        """Plan again when hosts were left out since: people agree to what will be done, and nothing else."""
        return plan if {host for _, host in left_out(self.run)} == set(plan.left_out) else self.plan()

    def brief(self, plan: Plan, gate: Approval, subject: Subject, verdict: Verdict, history: History) -> str:
        """Write what an approver reads above the form."""
        run, now = self.run, self.run.now()
        return brief(
            plan=plan,
            intent=run.why,
            artifact=self.artifact,
            commits=self.commits,
            earlier=earlier(run, self.artifact),
            checks=[event.body for event in run.ledger.events(run.id, ("check.done",))],
            gate=gate,
            subject=subject,
            verdict=verdict,
            history=history,
            durations=run.durations(),
            now=now,
            when=when_lines(run),
            reviews=open_reviews(
                run.ledger.events(kinds=REVIEWS), run.place.application, run.place.environment
            ),
        )


def write_down(run: Run, plan: Plan, lacks: Sequence[HostKey] = ()) -> None:
    """Record and show a plan, unless it was recorded last; `lacks`: where the release is not yet."""
    last = run.ledger.last(run.id, ("release.planned",))
    if last is not None and last.body["plan_digest"] == plan.digest:
        return
    body = {"plan_digest": plan.digest, "plan": plan.model_dump(mode="json"), "lacking": list(lacks)}
    run.record("release.planned", body)
    publish_plan(run, plan)
    if last is not None:
        run.say(f"what is live has changed, and so has the plan: it is {plan.code} now; approvals fall")
