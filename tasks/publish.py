"""Show people what happens, in the Prefect UI: the plan, the report, and what is where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate

from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.plan.models import Plan
from sendoff.plan.render import as_markdown
from sendoff.report.placements import what_is_where
from sendoff.report.release import release_report
from sendoff.reviews import REVIEWS, marks, open_reviews
from tasks.run import Place, Run
from tasks.when import when_lines


def publish_plan(run: Run, plan: Plan) -> None:
    """Show the plan beside the run."""
    create_markdown_artifact(
        as_markdown(plan, run.durations(), when_lines(run)),
        key=_key("plan", run.place),
        description=f"Plan {plan.code}",
    )


def publish_report(run: Run) -> None:
    """Show the report of the run, from the ledger."""
    create_markdown_artifact(
        release_report(run.ledger.events(release=run.id), run.now()),
        key=_key("report", run.place),
        description=f"Report: {run.place}",
    )


def publish_what_is_where(run: Run) -> None:
    """Bring the table of all applications and environments up to date."""
    publish_table(run.ledger)


def publish_table(ledger: Ledger) -> None:
    """Bring it up to date, from whichever run."""
    rows = what_is_where(ledger.placements(), marks(open_reviews(ledger.events(kinds=REVIEWS))))
    create_table_artifact(rows, key="what-is-where", description="What is live where, now")


def publish_report_of(
    client: SyncPrefectClient, created: Event, events: Sequence[Event], now: datetime
) -> None:
    """Show the report of a run beside it, from another run."""
    place = Place(created.body["application"], created.body["environment"])
    report = ArtifactCreate(
        key=_key("report", place),
        type="markdown",
        data=release_report(events, now),
        description=f"Report: {place}",
        flow_run_id=UUID(created.release),
    )
    client.create_artifact(report)


def _key(what: str, place: Place) -> str:
    return f"{what}-{place.application}-{place.environment}"
