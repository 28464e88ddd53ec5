"""Git facts and checkouts, from real repositories."""

import os
import subprocess
from pathlib import Path

import pytest

from sendoff.artifact.manifest import Commit
from sendoff.errors import BuildFailed, StepErrored
from sendoff.git import Repository, located

ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


class Origin:
    """A real repository to release from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, minute: int = 0) -> str:
        """Run git in it, at a minute past midnight."""
        at = {f"GIT_{who}_DATE": f"2026-01-01T00:{minute:02}:00+00:00" for who in ("AUTHOR", "COMMITTER")}
        command = ("git", "-C", str(self.folder), *words)
        return subprocess.run(
            command, env=ENVIRON | at, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, subject: str, minute: int = 0, **files: str) -> str:
        """Commit files and give the hash."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject, minute=minute)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """Make a repository of three commits; the second is tagged."""
    origin = Origin(tmp_path / "origin")
    origin.commit("First", 1, a="1")
    origin.commit("Second", 2, a="2")
    origin.git("tag", "--annotate", "v2", "--message", "two")
    origin.commit("Third: größer", 3, a="3")
    return origin


@pytest.fixture
def repository(origin: Origin, tmp_path: Path) -> Repository:
    """Look at it through a cache."""
    return Repository(str(origin.folder), tmp_path / "cache", ENVIRON)


def test_resolve(origin: Origin, repository: Repository) -> None:
    """A tag, a branch, a hash and a short hash are found, told with author, time and subject."""
    third = Commit(
        sha=origin.git("rev-parse", "HEAD"),
        author="Ada Lovelace",
        at="2026-01-01T00:03:00+00:00",
        subject="Third: größer",
    )
    assert [repository.resolve(ref) for ref in ("main", third.sha, third.sha[:8])] == [third] * 3
    assert repository.resolve("v2").subject == "Second"


def test_newest_sees_new_commits(origin: Origin, repository: Repository) -> None:
    """The newest commit is asked for each time, also when a branch was rewritten or a tag moved."""
    assert repository.newest("main").subject == "Third: größer"
    origin.commit("Fourth", 4)
    assert repository.newest("main").subject == "Fourth"
    origin.git("reset", "--quiet", "--hard", "v2")
    origin.git("tag", "--force", "v2", "HEAD~1")
    assert repository.newest("main").subject == "Second"
    assert repository.resolve("v2").subject == "First"


@pytest.mark.parametrize(
    "ref", ["v9", "main ", "--help", "-x", "HEAD", "", "0123abcd", "--upload-pack=touch x", "a\nb"]
)
def test_unknown_ref(repository: Repository, ref: str) -> None:
    """A reference that is not there, or looks like an option, is told with what to do."""
    with pytest.raises(BuildFailed, match="expected a tag, branch or commit; push it"):
        repository.resolve(ref)


def test_unknown_branch(repository: Repository) -> None:
    """A tag is no branch."""
    with pytest.raises(BuildFailed, match="there is no 'v2', expected a branch"):
        repository.newest("v2")


@pytest.mark.parametrize("kind", ["folder", "bare", "file address"])
def test_checkout(origin: Origin, tmp_path: Path, kind: str) -> None:
    """A checkout is exactly that commit, detached, clean, from a work tree, a bare folder or an address."""
    (origin.folder / "untracked").write_text("x")
    (origin.folder / "a").write_text("edited")
    address = str(origin.folder)
    if kind == "bare":
        address = str(tmp_path / "bare")
        origin.git("clone", "--quiet", "--bare", str(origin.folder), address)
    elif kind == "file address":
        address = f"file://{address}"
    repository = Repository(address, tmp_path / "cache", ENVIRON)
    second = repository.resolve("v2")
    repository.checkout(second, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".git", "a"]
    assert (tmp_path / "out/a").read_text() == "2"
    command = ["git", "-C", str(tmp_path / "out"), "log", "-1", "--format=%H %D"]
    told = subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout
    assert told.startswith(f"{second.sha} HEAD, tag: v2")


def test_checkout_with_an_empty_cache(repository: Repository, tmp_path: Path) -> None:
    """A worker that has never seen the repository can check a known commit out."""
    second = repository.resolve("v2")
    Repository(repository.address, tmp_path / "other", ENVIRON).checkout(second, tmp_path / "out")
    assert (tmp_path / "out/a").read_text() == "2"


def test_checkout_of_an_unknown_commit(repository: Repository, tmp_path: Path) -> None:
    """A commit that is on no branch or tag is told."""
    with pytest.raises(BuildFailed, match="expected a commit on a branch or tag"):
        repository.checkout(Commit(sha="0" * 40, author="", at="", subject=""), tmp_path / "out")


def test_surprises_of_the_user(origin: Origin, tmp_path: Path) -> None:
    """Hooks, line ends and templates from the user's configuration do not enter a checkout."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    (hooks / "post-checkout").chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[core]\nhooksPath={hooks}\nautocrlf=true\n[log]\nshowSignature=true\n")
    environ = ENVIRON | {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_DIR": "/nowhere",
        "GIT_INDEX_FILE": "/nowhere",
    }
    origin.commit("Lines", 4, a="1\n2\n")
    repository = Repository(str(origin.folder), tmp_path / "cache", environ)
    repository.checkout(repository.newest("main"), tmp_path / "out")
    assert (tmp_path / "out/a").read_bytes() == b"1\n2\n"
    assert not (tmp_path / "hooked").exists()


def test_user_configuration_is_in_force(origin: Origin, tmp_path: Path) -> None:
    """What leads to a repository, such as `insteadOf`, comes from the user's configuration."""
    config = tmp_path / "config"
    config.write_text(f'[url "{origin.folder}"]\ninsteadOf = https://git.example.com/shop\n')
    environ = ENVIRON | {"GIT_CONFIG_GLOBAL": str(config)}
    assert (
        Repository("https://git.example.com/shop", tmp_path / "cache", environ).resolve("v2").subject
        == "Second"
    )


def test_since(origin: Origin, repository: Repository) -> None:
    """Commits since the one that is live are told newest first, limited; going back there are none."""
    first, third = origin.git("rev-parse", "v2~1"), origin.git("rev-parse", "main")
    assert [commit.subject for commit in repository.since(first, third)] == ["Third: größer", "Second"]
    assert [commit.subject for commit in repository.since(first, third, limit=1)] == ["Third: größer"]
    assert [commit.subject for commit in repository.since(None, third)] == [
        "Third: größer",
        "Second",
        "First",
    ]
    assert repository.since(third, first) == ()


def test_since_unrelated(origin: Origin, repository: Repository) -> None:
    """A history without a common commit, and a commit that is gone, are told apart."""
    third = origin.git("rev-parse", "main")
    origin.git("checkout", "--quiet", "--orphan", "other")
    other = origin.commit("Other", 5)
    with pytest.raises(BuildFailed, match="have no common commit"):
        repository.since(other, third)
    with pytest.raises(BuildFailed, match="there is no '00000000"):
        repository.since("0" * 40, third)
    with pytest.raises(BuildFailed, match="there is no '--output=x', expected a hash"):
        repository.since("--output=x", third)


def test_missing_repository(tmp_path: Path) -> None:
    """A folder that is no repository is told with the place in the release file."""
    with pytest.raises(BuildFailed, match=r"is no git repository, expected one; see `build\.source\.git`"):
        Repository(str(tmp_path), tmp_path / "cache", ENVIRON).resolve("main")


def test_network_trouble(tmp_path: Path) -> None:
    """An address that does not answer is broken machinery; credentials in it are not shown."""
    repository = Repository("http://ada:hunter2@127.0.0.1:9/shop.git", tmp_path / "cache", ENVIRON)
    with pytest.raises(StepErrored, match="git fetch exited with 128") as caught:
        repository.resolve("main")
    assert "hunter2" not in str(caught.value)


def test_program_as_address(tmp_path: Path) -> None:
    """An address that would run a program does not."""
    with pytest.raises(StepErrored, match="transport 'ext' not allowed"):
        Repository(f"ext::touch {tmp_path}/run", tmp_path / "cache", ENVIRON).resolve("main")
    assert not (tmp_path / "run").exists()


def test_killed_git(origin: Origin, repository: Repository) -> None:
    """Locks that a killed git left in the cache do not stop the next."""
    repository.newest("main")
    clone = next(iter(repository._clone.parent.glob("*.git")))
    (clone / "refs/heads/main.lock").write_text("")
    (clone / "packed-refs.lock").write_text("")
    origin.commit("Fourth", 4)
    assert repository.newest("main").subject == "Fourth"


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        ("../shop", "/srv/apps/../shop"),
        ("/srv/shop.git", "/srv/shop.git"),
        ("https://example.com/shop.git", "https://example.com/shop.git"),
        ("git@example.com:shop.git", "git@example.com:shop.git"),
        ("./odd:name", "/srv/apps/odd:name"),
    ],
)
def test_located(git: str, expected: str) -> None:
    """A folder is relative to the release file; an address stays."""
    assert located(git, Path("/srv/apps")) == expected
