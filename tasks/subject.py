"""What the approvals of a run are of, as it is now."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.gates import Subject
from sendoff.model import digest
from sendoff.plan.models import Plan
from tasks.run import Run
from tasks.window import window_digest


def subject_of(run: Run, artifact: Artifact, plan: Plan) -> Subject:
    """Digest all that people agree to: who built what, how, what will be done, why, and when it may be."""
    return Subject(
        artifact=digest(artifact),
        configuration=digest(run.file),
        plan=plan.digest,
        intent=digest(run.why),
        window=window_digest(run),
    )
