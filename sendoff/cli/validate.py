"""`sendoff validate` and `sendoff schema`: release files, checked and described without a server."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sendoff import freezing
from sendoff.catalog import Loaded, label, survey
from sendoff.cli.output import as_json, count
from sendoff.errors import BadInput
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.schema import schema as release_file_schema


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "for_machine", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def validate(ctx: click.Context, paths: tuple[Path, ...], for_machine: bool) -> None:
    """Check release files; a folder is searched for release.yaml and *.release.yaml, and for freezes.yaml.

    Prints all that is wrong with all of them as `file:line: path: what, expected what`.
    Exits with 0 when nothing is, else with 2.
    """
    loaded, problems = survey(paths)
    wide, wrong = freezing.survey(paths)
    strangers = freezing.strangers(wide, loaded) if loaded and not problems else ()
    problems = sorted({*problems, *wrong, *strangers, *freezing.in_calendars(loaded, wide)})
    if for_machine:
        as_json(
            {
                "ok": not problems,
                "files": [_told(each) for each in loaded],
                "problems": list(map(asdict, problems)),
            }
        )
        ctx.exit(2 if problems else 0)
    for each in loaded:
        click.echo(_summary(each))
    for found in wide:
        told = count(len(found.file.freezes), "entry", "entries")
        click.echo(f"{label(found.path)}: {click.style('ok', fg='green')}: freezes, {told}")
    if problems:
        raise BadInput(problems)


@click.command()
def schema() -> None:
    """Print the JSON Schema of release files (draft 2020-12), for editors."""
    as_json(release_file_schema())


def _told(loaded: Loaded) -> dict[str, Any]:
    return {
        "file": label(loaded.path),
        "application": loaded.file.application,
        "environments": [each.name for each in loaded.file.environments],
        "hosts": list(loaded.file.hosts),
        "digest": loaded.digest,
    }


def _summary(loaded: Loaded) -> str:
    file = loaded.file
    targets = [each for one in file.environments for each in one.targets]
    nouns = Counter(each.noun for each in targets if isinstance(each, CloudTarget))
    parts = [f"application {file.application}", count(len(file.environments), "environment")]
    parts += [count(len(file.hosts), "host")] if file.hosts or not nouns else []
    parts += [count(number, noun) for noun, number in nouns.items()]
    return f"{label(loaded.path)}: {click.style('ok', fg='green')}: {', '.join(parts)}"
