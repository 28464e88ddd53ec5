"""Build the version once, or find that it has been built."""

from __future__ import annotations

from prefect import task

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.build import Order, Workshop, run_build
from sendoff.errors import SendoffError, StepErrored
from sendoff.git import Repository, located
from sendoff.spec.models import GitSource
from sendoff.targets.protocol import Outcome
from tasks.durable import ONCE, HostKey
from tasks.run import WORKSPACE, Run
from tasks.trouble import Errors, Work, carry_through


@task(name="build", task_run_name="build {version}", **ONCE)
def build_version(run: Run, version: str) -> Artifact:
    """Build in a clean checkout at the exact commit, and put the artifact into the store."""
    repository = _repository(run)
    commit = repository.resolve(run.commit) if repository and run.commit else None
    order = Order(run.place.application, version, run.file.build, run.folder, commit)
    reused = run.store.find(run.place.application, version) is not None
    with run.step("build", "build") as step:
        artifact = run_build(order, _workshop(run))
        said = (
            f"{version} was built before: {artifact.digest[:12]}"
            if reused
            else f"built {artifact.digest[:12]}"
        )
        step.came_to(Outcome(changed=not reused, said=said))
    body = {
        "artifact": artifact.model_dump(mode="json"),
        "reused": reused,
        "commits": [each.model_dump(mode="json") for each in commits_since_live(run, artifact)],
    }
    run.record("release.built", body, key="built")
    return artifact


def build(run: Run) -> Artifact:
    """Build the version that the run is about."""
    built: list[Artifact] = []

    def attempt(_: list[HostKey]) -> Errors:
        try:
            built.append(build_version(run, run.version))
        except StepErrored as error:
            return {("", ""): error}
        return {}

    carry_through(run, Work("build", [("", "")], attempt, of=1))
    return built[0]


def commits_since_live(run: Run, artifact: Artifact) -> tuple[Commit, ...]:
    """List the commits that are in this version and not in the one that is live, newest first."""
    repository = _repository(run)
    if repository is None or artifact.commit is None:
        return ()
    live = next((each.commit for each in run.placements() if each.commit), None)
    try:
        return repository.since(live, artifact.commit.sha, limit=50 if live else 1)
    except SendoffError as error:
        run.say(f"commits since the live version are not known: {error}")
        return ()


def _repository(run: Run) -> Repository | None:
    source = run.file.build.source
    if not isinstance(source, GitSource):
        return None
    return Repository(located(source.git, run.folder), run.settings.home / "git", run.environ)


def _workshop(run: Run) -> Workshop:
    home = run.settings.home
    return Workshop(
        store=run.store,
        workspace=home / WORKSPACE,
        cache=home / "git",
        environ=run.environ,
        secrets=run.secrets,
        say=run.say,
        now=run.now,
        by=run.actor,
    )
