"""Show people what happens, in the Prefect UI: the plan, the report, and what is where."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from sendoff.plan.models import Plan
from sendoff.plan.render import as_markdown
from sendoff.report import release_report, what_is_where
from tasks.run import Run


def publish_plan(run: Run, plan: Plan) -> None:
    """Show the plan beside the run."""
    create_markdown_artifact(
        as_markdown(plan, run.durations()), key=_key("plan", run), description=f"Plan {plan.code}"
    )


def publish_report(run: Run) -> None:
    """Show the report of the run, from the ledger."""
    create_markdown_artifact(
        release_report(run.ledger.events(release=run.id), run.now()),
        key=_key("report", run),
        description=f"Report: {run.place}",
    )


def publish_what_is_where(run: Run) -> None:
    """Bring the table of all applications and environments up to date."""
    rows = what_is_where(run.ledger.placements())
    create_table_artifact(rows, key="what-is-where", description="What is live where, now")


def _key(what: str, run: Run) -> str:
    return f"{what}-{run.place.application}-{run.place.environment}"
