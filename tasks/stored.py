"""Find the artifact of a version that was built before."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused
from tasks.run import Run


def stored(run: Run) -> Artifact:
    """Find it in the artifact store, and write down that it is used."""
    artifact = run.store.find(run.place.application, run.version)
    if artifact is None:
        raise PolicyRefused(
            f"{run.place.application} {run.version}: is not in the artifact store, "
            "expected a version built before; see `sendoff status` for what is live, or run `build`"
        )
    body = {"artifact": artifact.model_dump(mode="json"), "reused": True, "commits": []}
    run.record("release.built", body, key="built")
    return artifact
