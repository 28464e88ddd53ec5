"""`sendoff plan`: what a release would do, without doing any of it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import click

from sendoff.artifact.manifest import Artifact
from sendoff.calendars import Calendars
from sendoff.catalog import Loaded, load
from sendoff.errors import BadInput, HostUnreachable, PolicyRefused, Problem, SendoffError
from sendoff.git import Repository, located
from sendoff.ledger import Ledger
from sendoff.objects.opening import open_objects
from sendoff.plan.make import make_release_plan, preview
from sendoff.plan.models import HostState, Plan, Preview, Unbuilt
from sendoff.plan.render import as_json, as_text
from sendoff.settings import Settings
from sendoff.spec.models import GitSource
from sendoff.spec.placeholders import fill
from sendoff.store import ArtifactStore
from sendoff.targets.opening import open_described
from sendoff.targets.protocol import Hosts
from sendoff.timing.words import outlook, rule_words
from sendoff.when import rules_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--env", "environment", required=True, help="Where it would go.")
@click.option("--version", required=True, help="The version that would go there.")
@click.option("--json", "machine", is_flag=True, help="The canonical form, of which the digest is made.")
def plan(file: Path, environment: str, version: str, machine: bool) -> None:
    """Show what a release would do: what is where, steps, how each is undone, how long it takes."""
    loaded = load(file)
    if environment not in (names := [each.name for each in loaded.file.environments]):
        problem = Problem(
            "command line", 0, "--env", f"no environment {environment!r}", f"one of {', '.join(names)}"
        )
        raise BadInput([problem])
    settings = Settings.read(os.environ)
    facts = read_facts(loaded, environment)
    found = make(loaded, environment, version, facts, settings)
    if machine:
        click.echo(as_json(found))
        return
    durations, since = {}, {}
    when = when_words(loaded, environment, settings)
    if ledger := Ledger.find(settings.ledger_url):
        durations = ledger.durations(loaded.file.application, environment)
        here = (loaded.file.application, environment)
        since = {
            each.host: each.since
            for each in ledger.placements()
            if (each.application, each.environment) == here
        }
        ledger.close()
    click.echo(as_text(found, durations, since, when), nl=False)


def when_words(loaded: Loaded, environment: str, settings: Settings) -> list[str]:
    """Say when it may ship: by the rules of the environment, and as it is now."""
    now, ledger = datetime.now(UTC), Ledger.find(settings.ledger_url)
    calendars = Calendars(settings.cache)
    rules = rules_of(loaded.file, environment, loaded.folder, settings.catalog, calendars, ledger, now)
    if ledger:
        ledger.close()
    here = loaded.file.environment(environment)
    return [*rule_words(here.windows, here.freezes), *outlook(rules, now)]


def make(
    loaded: Loaded, environment: str, version: str, facts: list[HostState], settings: Settings
) -> Plan | Preview:
    """Plan the version if it has been built, else preview what there would be to do."""
    artifact = _built(loaded, version, settings)
    if artifact:
        return make_release_plan(loaded.file, loaded.digest, environment, artifact, facts)
    unbuilt = Unbuilt(
        application=loaded.file.application, version=version, commit=_commit(loaded, version, settings)
    )
    return preview(loaded.file, loaded.digest, environment, unbuilt, facts)


def read_facts(loaded: Loaded, environment: str) -> list[HostState]:
    """Ask all hosts side by side what is live on them; the error names every host that does not answer."""
    with ExitStack() as fleets, ThreadPoolExecutor(max_workers=50) as pool:
        asked = []
        for target in loaded.file.environment(environment).targets:
            fleet = fleets.enter_context(
                closing(open_described(loaded.file, target, loaded.folder, by="plan"))
            )
            asked += [pool.submit(_state, fleet, target.name, host) for host in fleet.names]
        found = [future.result() for future in asked]
    if wrong := [each for each in found if isinstance(each, SendoffError)]:
        kind = HostUnreachable if all(isinstance(each, HostUnreachable) for each in wrong) else PolicyRefused
        raise kind("\n".join(map(str, wrong)))
    return [each for each in found if isinstance(each, HostState)]


def _state(fleet: Hosts, target: str, host: str) -> HostState | SendoffError:
    try:
        return HostState(target=target, host=host, live=fleet.host(host).facts().live)
    except SendoffError as error:
        return error


def _built(loaded: Loaded, version: str, settings: Settings) -> Artifact | None:
    store = ArtifactStore(open_objects(settings.store, settings.cache))
    return store.find(loaded.file.application, version)


def _commit(loaded: Loaded, version: str, settings: Settings) -> str | None:
    source = loaded.file.build.source
    if not isinstance(source, GitSource):
        return None
    repository = Repository(located(source.git, loaded.folder), settings.home / "git", os.environ)
    return repository.resolve(fill(source.ref, {"version": version})).sha
