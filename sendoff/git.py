"""Facts and clean checkouts from git, by the `git` command, through a clone without a work tree in a cache.

The user's and the system's git configuration stay in force: credential helpers, proxies, `insteadOf` and SSH
settings live there. What could change results or run programs is overridden one by one, variables such as
GIT_DIR, which point at another repository inside a hook, are dropped, and nothing can ask on a terminal.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sendoff.artifact.manifest import Commit
from sendoff.errors import BuildFailed, StepErrored
from sendoff.process import started

OVERRIDES = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "core.attributesFile=/dev/null",
    "protocol.ext.allow=never",
    "log.showSignature=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
    "init.templateDir=",
    "gc.auto=0",
    "maintenance.auto=false",
)
KEPT_VARIABLES = ("GIT_SSH", "GIT_SSL", "GIT_ASKPASS", "GIT_PROXY", "GIT_CONFIG_")
REFERENCES = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
FIELDS = "%H%x00%aN%x00%cI%x00%s"
SHA = re.compile(r"[0-9a-f]{7,64}")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+:")
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def located(git: str, folder: Path) -> str:
    """Tell where a repository is: an address as it is, a folder as absolute, from that of the file."""
    return git if ADDRESS.match(git) else str((folder / Path(git).expanduser()).absolute())


class Repository:
    """A git repository: an address, or the absolute folder of a work tree or of a bare repository.

    BuildFailed when what was asked for is not there; StepErrored when git or the network fails.
    """

    def __init__(self, address: str, cache: Path, environ: Mapping[str, str], timeout: float = 600) -> None:
        self.address, self.timeout = address, timeout
        self.shown = CREDENTIALS.sub("", address)
        self._environ = _environment(environ)
        self._clone = cache.absolute() / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.git"

    def resolve(self, ref: str) -> Commit:
        """Find the commit of a tag, a branch or a hash, in this order, as it is there now."""
        self._fetch()
        if commit := self._commit(f"refs/tags/{ref}", f"refs/heads/{ref}", ref if SHA.fullmatch(ref) else ""):
            return commit
        raise self._unknown(
            ref, "tag, branch or commit", "push it, or see `build.source.ref` in the release file"
        )

    def newest(self, branch: str) -> Commit:
        """Find the newest commit of a branch."""
        self._fetch()
        if commit := self._commit(f"refs/heads/{branch}"):
            return commit
        raise self._unknown(branch, "branch", "push it, or see `build.source.branch` in the release file")

    def checkout(self, commit: Commit, into: Path) -> None:
        """Make a work tree at exactly that commit, detached, in a folder that does not exist yet."""
        self._require(commit.sha)
        options = ("--quiet", "--shared", "--no-checkout", "--template=")
        self._git("clone", *options, "--", str(self._clone), str(into))
        self._git("-C", str(into), "checkout", "--quiet", "--detach", commit.sha)

    def since(self, old: str | None, new: str, limit: int = 50) -> tuple[Commit, ...]:
        """List the commits after `old` (or the start) up to `new`, newest first, `limit` at most."""
        for sha in (new, old):
            if sha is not None:
                self._require(sha)
        if old is not None and self._try("merge-base", "--end-of-options", old, new)[0]:
            raise BuildFailed(
                f"{self.shown}: {old[:12]!r} and {new[:12]!r} have no common commit, expected one history; "
                "see whether the repository was replaced"
            )
        return self._log(f"{old}..{new}" if old else new, limit)

    def _commit(self, *names: str) -> Commit | None:
        for name in filter(None, names):
            code, sha, _ = self._try(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
            if code == 0:
                return self._log(sha.strip(), 1)[0]
        return None

    def _log(self, what: str, limit: int) -> tuple[Commit, ...]:
        options = (
            "-z",
            f"--max-count={limit}",
            f"--format={FIELDS}",
            "--encoding=UTF-8",
            "--no-show-signature",
        )
        fields = self._git("log", *options, "--end-of-options", what, "--").split("\0")
        records = zip(*(iter(fields),) * 4, strict=False)
        return tuple(
            Commit(sha=sha, author=_line(who), at=at, subject=_line(what)) for sha, who, at, what in records
        )

    def _require(self, sha: str) -> None:
        """See that a commit is in the clone, and fetch when it is not."""
        if not SHA.fullmatch(sha):
            raise self._unknown(sha, "hash of a commit", "give all of its hexadecimal digits")
        has = ("cat-file", "-e", f"{sha}^{{commit}}")
        if self._clone.exists() and self._try(*has)[0] == 0:
            return
        self._fetch()
        if self._try(*has)[0]:
            raise self._unknown(
                sha, "commit on a branch or tag", "push it, or see whether history was rewritten"
            )

    def _fetch(self) -> None:
        here = Path(self.address)
        if here.is_absolute() and not ((here / ".git").exists() or (here / "HEAD").exists()):
            raise BuildFailed(f"{self.shown}: is no git repository, expected one; see `build.source.git`")
        with self._alone():
            self._git("init", "--quiet", "--bare", "--template=", "--", str(self._clone))
            self._git(
                "fetch", "--quiet", "--prune", "--no-tags", "--end-of-options", self.address, *REFERENCES
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from this clone, and clear away the locks of a git that was killed in it."""
        self._clone.parent.mkdir(parents=True, exist_ok=True)
        with self._clone.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self._clone.rglob("*.lock"):
                left.unlink(missing_ok=True)
            yield

    def _unknown(self, what: str, kind: str, advice: str) -> BuildFailed:
        return BuildFailed(f"{self.shown}: there is no {what!r}, expected a {kind}; {advice}")

    def _git(self, *words: str) -> str:
        code, output, errors = self._try(*words)
        if code:
            said = "".join(f"\n  | {line}" for line in CREDENTIALS.sub("", errors).splitlines()[-10:])
            raise StepErrored(
                f"{self.shown}: git {words[0]} exited with {code}, expected 0; its last lines:{said}"
            )
        return output

    def _try(self, *words: str) -> tuple[int, str, str]:
        overrides = (word for each in OVERRIDES for word in ("-c", each))
        where = () if words[0] in ("init", "clone", "-C") else ("--git-dir", str(self._clone))
        command = ("git", *overrides, *where, *words)
        try:
            with started(command, None, self._environ, subprocess.PIPE) as process:
                output, errors = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            raise StepErrored(
                f"{self.shown}: git {words[0]} took longer than {self.timeout:g} s, expected an answer; "
                "see the network"
            ) from None
        except FileNotFoundError:
            raise StepErrored("git: is not on the PATH of this worker, expected it; install it") from None
        return process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if (not name.startswith("GIT_") or name.startswith(KEPT_VARIABLES))
        and name != "GIT_CONFIG_PARAMETERS"
    }
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "PATH": environ.get("PATH", os.defpath)}


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
