"""Building for real: from git and from folders, and every reason why a build is not taken."""

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.build import Order, Workshop, run_build, source_commit
from sendoff.errors import BuildFailed, PolicyRefused, StepErrored
from sendoff.spec.models import Build
from sendoff.store import ArtifactStore, FolderObjects

GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00+00:00",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00+00:00",
}
OUT = "mkdir out; "
SHELL: dict[str, Any] = {"shell": True}


@dataclass
class Site:
    """A place with a source in a folder and in git, a store, and what was said."""

    folder: Path
    store: ArtifactStore
    said: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=lambda: dict(GIT))

    @property
    def workshop(self) -> Workshop:
        """Give the workshop of this place."""
        return Workshop(
            store=self.store,
            workspace=self.folder / "workspace",
            cache=self.folder / "cache",
            environ=self.environ,
            secrets=self.secrets,
            say=self.said.append,
            now=lambda: datetime(2026, 2, 3, tzinfo=UTC),
            by="ada",
        )

    def order(self, version: str = "1", source: dict[str, str] | None = None, **build: Any) -> Order:
        """Order a build, from the folder unless said."""
        spec = Build.model_validate({"source": source or {"folder": "src"}, "output": "out", **build})
        return Order("shop", version, spec, self.folder)

    def shell(self, script: str, **more: Any) -> Artifact:
        """Build with a script for the shell."""
        return run_build(self.order(command=script, **SHELL, **more), self.workshop)

    def failure(self, script: str, **more: Any) -> str:
        """Build with a script that has to fail, and tell how; nothing is left in the workspace."""
        with pytest.raises(BuildFailed) as caught:
            self.shell(script, **more)
        assert list((self.folder / "workspace").glob("*")) == []
        return str(caught.value)

    def read(self, artifact: Artifact, path: str) -> str:
        """Read a file out of an artifact."""
        command = ["tar", "-xOf", "-", path]
        with self.store.open_tree(artifact.digest) as tar:
            return subprocess.run(command, stdin=tar, check=True, capture_output=True, text=True).stdout

    def git(self, *words: str) -> str:
        """Run git in the source."""
        command = ["git", "-C", str(self.folder / "src"), *words]
        return subprocess.run(command, env=GIT, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str, tag: str) -> str:
        """Commit a file and tag it."""
        (self.folder / "src/file").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        self.git("tag", "--force", tag)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Make such a place."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/file").write_text("text")
    store = ArtifactStore(FolderObjects(tmp_path / "store"))
    yield Site(tmp_path, store)
    store.close()


@pytest.fixture
def repository(site: Site) -> dict[str, str]:
    """Make the source a git repository with version 1, and give the source for the release file."""
    site.git("init", "--quiet", "--initial-branch=main")
    site.commit("one", "v1")
    return {"git": "src", "ref": "v{version}"}


def test_folder(site: Site) -> None:
    """A folder is built in a copy without `.git`; its output is the artifact; the workspace is cleared."""
    (site.folder / "src/.git").mkdir()
    artifact = site.shell(OUT + "cp file out/; ls -a > out/list; echo said; touch left")
    assert site.read(artifact, "file") == "text"
    assert ".git" not in site.read(artifact, "list").split()
    assert (artifact.commit, artifact.built_at, artifact.built_by) == (
        None,
        "2026-02-03T00:00:00+00:00",
        "ada",
    )
    assert "said" in site.said
    assert list((site.folder / "workspace").iterdir()) == []
    assert not (site.folder / "src/left").exists()


def test_git(site: Site, repository: dict[str, str]) -> None:
    """A version in git is built from exactly its commit, not from what lies in the folder."""
    sha = site.git("rev-parse", "v1")
    site.commit("two", "v2")
    (site.folder / "src/file").write_text("edited")
    artifact = site.shell(OUT + "cp file out/", source=repository)
    assert site.read(artifact, "file") == "one"
    assert artifact.commit == Commit(sha=sha, author="Ada", at="2026-01-01T00:00:00+00:00", subject="one")
    order = site.order("2", repository, command=["true"])
    assert source_commit(order, site.workshop) == source_commit(order, site.workshop)


def test_given_commit(site: Site, repository: dict[str, str]) -> None:
    """A commit that was found before is built, whatever the reference means by now."""
    order = site.order(source=repository, command=f"{OUT}cp file out/", **SHELL)
    commit = source_commit(order, site.workshop)
    site.commit("two", "v1")
    assert site.read(run_build(replace(order, commit=commit), site.workshop), "file") == "one"


def test_built_already(site: Site, repository: dict[str, str]) -> None:
    """The same version of the same commit is not built again, and says so."""
    first = site.shell(OUT + "date +%N > out/now", source=repository)
    site.said.clear()
    assert site.shell(OUT + "date +%N > out/now", source=repository) == first
    assert len(site.said) == 1
    assert "was built already, from commit" in site.said[0]


def test_other_commit(site: Site, repository: dict[str, str]) -> None:
    """A version that means another commit by now is refused before anything runs."""
    site.shell(OUT + "cp file out/", source=repository)
    site.commit("two", "v1")
    with pytest.raises(
        PolicyRefused, match=r"from commit \w{12} already and now means \w{12}.*give this one a new"
    ):
        site.shell(OUT + f"touch {site.folder}/ran; cp file out/", source=repository)
    assert not (site.folder / "ran").exists()


def test_folder_again(site: Site) -> None:
    """A folder is built again to compare: the same content is the same record, other content is refused."""
    first = site.shell(OUT + "cp file out/")
    assert site.shell(OUT + "cp file out/") == first
    (site.folder / "src/file").write_text("other")
    with pytest.raises(PolicyRefused, match="one content for ever"):
        site.shell(OUT + "cp file out/")


def test_clean_environment(site: Site, repository: dict[str, str]) -> None:
    """The command sees these variables and those let in, and no others."""
    site.environ |= {"ALLOWED": "yes", "OTHER": "no"}
    site.secrets = {"TOKEN": "hunter2hunter2", "UNUSED": "x"}
    more: dict[str, Any] = {"environment": ["ALLOWED"], "secrets": ["TOKEN"], "source": repository}
    artifact = run_build(site.order(command=["sh", "-c", OUT + "env > out/env"], **more), site.workshop)
    seen = dict(line.split("=", 1) for line in site.read(artifact, "env").splitlines())
    assert not Path(seen.pop("HOME")).exists()
    for own in ("PWD", "OLDPWD", "SHLVL", "_"):
        seen.pop(own, None)
    assert seen == {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": "1767225600",
        "SENDOFF_VERSION": "1",
        "SENDOFF_COMMIT": site.git("rev-parse", "v1"),
        "ALLOWED": "yes",
        "TOKEN": "hunter2hunter2",
    }


def test_missing_variables(site: Site) -> None:
    """All variables and secrets that have no value are told at once, before anything runs."""
    said = site.failure(f"touch {site.folder}/ran", environment=["A", "PATH", "B"], secrets=["C"])
    assert [line.split("has no value")[0].split()[-2:] for line in said.splitlines()] == [
        ["variable", "'A'"],
        ["variable", "'B'"],
        ["secret", "'C'"],
    ]
    assert not (site.folder / "ran").exists()


def test_words_without_a_shell(site: Site, repository: dict[str, str]) -> None:
    """Words reach the program as they are, with version and commit filled in; nothing is expanded."""
    script = 'import os, sys; os.mkdir("out"); open("out/words", "w").write("|".join(sys.argv[1:]))'
    words = ["python3", "-c", script, "{version}-{commit}", "$HOME; *"]
    words[2] = script.replace("{", "{{").replace("}", "}}")
    artifact = run_build(site.order(source=repository, command=words), site.workshop)
    assert site.read(artifact, "words") == f"1-{site.git('rev-parse', 'v1')}|$HOME; *"


def test_unknown_placeholder(site: Site) -> None:
    """A placeholder without a value, such as the commit of a folder, fails the build."""
    with pytest.raises(BuildFailed, match=r"'\{commit\}' has no value, expected one of: version"):
        run_build(site.order(command=["echo", "{commit}"]), site.workshop)


def test_shell_text_keeps_braces(site: Site) -> None:
    """A text for the shell is the shell's: braces and variables are left to it."""
    assert site.read(site.shell(OUT + 'echo "${SENDOFF_VERSION}" > out/v'), "v") == "1\n"


def test_failing_command(site: Site) -> None:
    """A command that fails is told with its code and its last ten lines."""
    said = site.failure("for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $n; done; exit 3")
    assert "build of shop 1: " in said
    assert "exited with 3, expected 0; mend the source or `build.command`; its last lines:" in said
    assert said.splitlines()[1:] == [f"  | line {n}" for n in range(3, 13)]


def test_killed_command(site: Site) -> None:
    """A command that was killed is told with the signal."""
    assert "was killed by SIGKILL" in site.failure("kill -KILL $$")


def test_no_such_program(site: Site) -> None:
    """A program that is not there is told with what to do."""
    with pytest.raises(BuildFailed, match=r"'no-such-program x' cannot be started \(No such file"):
        run_build(site.order(command=["no-such-program", "x"]), site.workshop)


def test_timeout(site: Site) -> None:
    """A build that takes too long is stopped with all that it started, even if that ignores SIGTERM."""
    before = time.monotonic()
    said = site.failure("echo begun; trap '' TERM; (trap '' TERM; while :; do sleep 1; done)", timeout=0.5)
    assert "took longer than 0.5 s and was stopped; raise `build.timeout`" in said
    assert said.endswith("  | begun")
    assert time.monotonic() - before < 15


def test_secrets_are_masked(site: Site) -> None:
    """No secret is shown: in the output, its last lines or the command, not even if it comes in pieces."""
    site.secrets = {"TOKEN": "hunter2hunter2", "KEY": "BEGIN\nabcdefgh\nEND"}
    slow = "printf 'x hunter2'; sleep 0.3; echo 'hunter2 y'"
    said = site.failure(f'echo "$TOKEN"; echo "$KEY"; {slow}; exit 1', secrets=["TOKEN", "KEY"])
    assert site.said == ["***", "***", "***", "END", "x *** y"]
    assert "hunter2hunter2" not in said
    assert "abcdefgh" not in said


def test_odd_output(site: Site) -> None:
    """Very long lines are shortened, those that redraw show their end, and any bytes can be shown."""
    site.shell(OUT + r"touch out/a; printf '%5000d\n' 1; printf '10%%\r100%%\n'; printf '\377\n'")
    assert site.said[0].endswith("… (3000 more characters)")
    assert site.said[1:3] == ["100%", "\\xff"]


@pytest.mark.parametrize("script", ["true", "touch out", "ln -s / out", "mkdir ../o; ln -s ../o out"])
def test_no_output(site: Site, script: str) -> None:
    """An output that is missing, no folder, or outside the source is told."""
    assert "left no folder 'out', expected its result there" in site.failure(script)


def test_unfit_output(site: Site) -> None:
    """An output that cannot be released is told with what is wrong in it; nothing is stored."""
    assert "'l': link to '/etc' leads to an absolute path" in site.failure(OUT + "ln -s /etc out/l")
    assert list(site.store.objects.keys("")) == []


def test_missing_folder(site: Site) -> None:
    """A source folder that is not there is told."""
    assert "is no folder, expected the source; see `build.source.folder`" in site.failure(
        "true", source={"folder": "x"}
    )


def test_source_with_a_pipe(site: Site) -> None:
    """A source that cannot be copied is told with each path."""
    os.mkfifo(site.folder / "src/pipe")
    assert "src/pipe: " in site.failure("true")


def test_no_room_for_the_source(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is broken machinery and no fault of the source."""
    why = os.strerror(errno.ENOSPC)

    def full(*_: Any, **__: Any) -> None:
        raise shutil.Error([("src/file", "source/file", f"[Errno 28] {why}")])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(StepErrored, match=why):
        site.shell("true")


def test_workspace_in_the_source(site: Site) -> None:
    """A workspace inside the source folder does not copy itself."""
    order = site.order(command=f"{OUT}ls > out/list", **SHELL)
    workshop = replace(site.workshop, workspace=site.folder / "src/work")
    assert site.read(run_build(order, workshop), "list").split() == ["file", "out"]


def test_locked_up_workspace(site: Site) -> None:
    """What a build has made unwritable is removed as well; what its links lead to is left as it is."""
    outside = site.folder / "outside"
    outside.mkdir(mode=0o555)
    site.failure(f"ln -s {outside} l; mkdir -p a/b; touch a/b/c; chmod 0 a/b a; exit 1")
    assert outside.stat().st_mode & 0o777 == 0o555


def test_same_tree_same_digest(site: Site, repository: dict[str, str]) -> None:
    """Two versions of the same content, built in different places, have the same digest."""
    site.commit("one ", "v2")
    site.commit("one", "v3")
    builds = [site.shell(OUT + "cp file out/", version=version, source=repository) for version in ("1", "3")]
    assert builds[0].digest == builds[1].digest
