"""The history of the example: real, always the same, and never made twice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from examples.demo.history import LATEST, VERSIONS, make_history
from sendoff.errors import BadInput

APP = Path(__file__).resolve().parents[2] / "examples" / "storefront" / "app"


def git(repository: Path, *words: str) -> str:
    command = ("git", *words)
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout.strip()


def test_same_commits_anywhere(history, tmp_path, monkeypatch):
    """Another folder, another time zone and other git settings give the same ids."""
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[core]\n\tautocrlf = true\n[init]\n\tdefaultBranch = trunk\n[user]\n\tname = Somebody\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert make_history(APP, tmp_path / "again") == history[1]


def test_is_reused(tmp_path):
    """A repository made before stays, with what was committed on top since."""
    first = make_history(APP, tmp_path / "repository")
    by = ("-c", "user.name=Kim", "-c", "user.email=kim@example.com")
    git(tmp_path / "repository", *by, "commit", "--quiet", "--allow-empty", "-m", "Mine")
    again = make_history(APP, tmp_path / "repository")
    assert again["main"] == git(tmp_path / "repository", "rev-parse", "main")
    assert {name: again[name] for name in VERSIONS} == {name: first[name] for name in VERSIONS}


def test_leaves_nothing_beside_it(tmp_path):
    """The folder that it worked in is gone."""
    make_history(APP, tmp_path / "deep" / "repository")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["repository"]


def test_refuses_a_folder_of_others(tmp_path):
    """What is there and is no repository is not touched."""
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BadInput, match="is no git repository"):
        make_history(APP, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_refuses_a_repository_of_others(tmp_path):
    """A repository without the versions is told apart, and the missing one is named."""
    git(tmp_path, "init", "--quiet")
    with pytest.raises(BadInput, match=r"refs/tags/v2\.3\.0: is not there"):
        make_history(APP, tmp_path)


def test_main_is_one_good_commit_past_the_latest(history):
    """The nightly release has something to do, and the broken version is not on its way."""
    repository, commits = history
    assert git(repository, "log", "--format=%s", f"v{LATEST}..main") == "Add colours for the dark"
    assert commits["broken"] not in git(repository, "rev-list", "main")


def test_every_commit_has_a_person(history):
    """Authors are people of the example, with addresses that belong to nobody."""
    emails = git(history[0], "log", "--all", "--format=%ae").splitlines()
    assert len(emails) == 7
    assert all(email.endswith("@example.com") for email in emails)


def test_works_in_a_clean_tree(history):
    """Nothing is left uncommitted."""
    assert git(history[0], "status", "--porcelain") == ""
