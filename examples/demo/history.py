"""A git history for the storefront: real commits with fixed authors and times, so always the same ids."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from examples.demo.changes import CHANGES, Change
from sendoff.errors import BadInput, Problem

LATEST = "2.4.1"
VERSIONS = ("2.3.0", "2.4.0", "2.4.1", "broken")


def make_history(source: Path, repository: Path) -> dict[str, str]:
    """Make the repository, or take the one that is there; gives the commit of each version and of main."""
    if not (repository / ".git").exists():
        if repository.exists():
            raise BadInput(
                [Problem(str(repository), 0, "", "is no git repository", "none or one made before")]
            )
        repository.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=repository.parent, prefix=".history-") as scratch:
            made = Path(scratch) / "repository"
            _commit_all(source, made)
            made.rename(repository)
    return {name: _commit_of(repository, ref) for name, ref in _references().items()}


def _references() -> dict[str, str]:
    return {version: f"refs/tags/v{version}" for version in VERSIONS} | {"main": "refs/heads/main"}


def _commit_of(repository: Path, ref: str) -> str:
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        problem = Problem(str(repository), 0, ref, "is not there", "the demo's history; remove the folder")
        raise BadInput([problem]) from None


def _commit_all(source: Path, repository: Path) -> None:
    shutil.copytree(source, repository, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    _git(repository, "init", "--quiet", "--template=", ".")
    _git(repository, "symbolic-ref", "HEAD", "refs/heads/main")
    for change in CHANGES:
        if change.branch != _git(repository, "symbolic-ref", "--short", "HEAD").strip():
            _switch(repository, change.branch)
        change.apply(repository)
        _git(repository, "add", "--all", ".")
        _git(repository, "commit", "--quiet", "--message", change.subject, **_signed(change))
        if change.version:
            _git(repository, "tag", f"v{change.version}")


def _switch(repository: Path, branch: str) -> None:
    is_new = branch not in _git(repository, "branch", "--format", "%(refname:short)").split()
    _git(repository, "checkout", "--quiet", *(["-b"] if is_new else []), branch)


def _signed(change: Change) -> dict[str, str]:
    email = f"{change.author.partition(' ')[0].lower()}@example.com"
    return {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", change.author), ("EMAIL", email), ("DATE", change.at))
    }


def _git(repository: Path, *words: str, **environment: str) -> str:
    """Run git apart from this user's settings, which could change the commits' ids."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_DEFAULT_HASH": "sha1"}
    command = ("git", "-c", "core.autocrlf=false", *words)
    return subprocess.run(
        command,
        cwd=repository,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", **settings, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
