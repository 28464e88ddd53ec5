"""Reading trees into manifests, and every reason to refuse one."""

import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendoff.artifact.scan import scan
from sendoff.errors import BuildFailed

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/")
)
SAFE_NAMES = NAMES.filter(lambda name: name not in ("", ".", "..") and len(name.encode()) < 100)
TREES = st.dictionaries(
    SAFE_NAMES, st.recursive(st.binary(max_size=20), lambda kids: st.dictionaries(SAFE_NAMES, kids))
)


def write(tree: Path, content: object, mix: random.Random) -> None:
    """Write a generated tree, in an order and with times and rights of chance."""
    if isinstance(content, bytes):
        tree.write_bytes(content)
        tree.chmod(mix.choice([0o600, 0o644, 0o664, 0o666]))
        os.utime(tree, (mix.randrange(10**9), mix.randrange(10**9)))
    elif isinstance(content, dict):
        tree.mkdir()
        for name in mix.sample(sorted(content), len(content)):
            write(tree / name, content[name], mix)


@settings(max_examples=40, deadline=None)
@given(TREES.filter(bool), st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_same_tree_same_digest(content: dict[str, object], one: random.Random, other: random.Random) -> None:
    """Order of creation, times, rights of others and the tree's own name do not enter the digest."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "first"), content, one)
        write(Path(folder, "second"), content, other)
        first, second = scan(Path(folder, "first")), scan(Path(folder, "second"))
    assert first == second
    assert [entry.path.encode() for entry in first.entries] == sorted(e.path.encode() for e in first.entries)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner(tmp_path: Path) -> None:
    """The owner does not enter the digest."""
    (tmp_path / "a").write_text("a")
    before = scan(tmp_path)
    os.chown(tmp_path / "a", 12345, 12345)
    assert scan(tmp_path).digest == before.digest


def test_locale(tmp_path: Path) -> None:
    """A process in another locale gives the same digest."""
    (tmp_path / "größe").write_text("a")
    imports = "import sys; from pathlib import Path; from sendoff.artifact.scan import scan"
    program = f"{imports}; print(scan(Path(sys.argv[1])).digest)"
    told = {
        subprocess.run(
            [sys.executable, "-X", "utf8=0", "-c", program, str(tmp_path)],
            env={**os.environ, "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for locale in ("C", "C.UTF-8", "POSIX")
    }
    assert told == {scan(tmp_path).digest}


def test_entries(tmp_path: Path) -> None:
    """Files, programs, links and empty folders are listed; modes come from the owner's right to run."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/run").write_bytes(b"x")
    (tmp_path / "bin/run").chmod(0o4711)
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "a").chmod(0o677)
    (tmp_path / "empty").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("bin/run")
    told = [(e.path, e.kind, e.mode, e.size, e.sha256, e.target) for e in scan(tmp_path).entries]
    assert told == [
        ("a", "file", 0o644, 0, hashlib.sha256(b"").hexdigest(), ""),
        ("bin/run", "file", 0o755, 1, hashlib.sha256(b"x").hexdigest(), ""),
        ("empty", "folder", 0o755, 0, "", ""),
        ("link", "link", 0o777, 0, "", "bin/run"),
    ]


def test_one_byte_or_mode_or_target_changes_the_digest(tmp_path: Path) -> None:
    """Content, the right to run, the target of a link and an empty folder each make another artifact."""
    (tmp_path / "a").write_text("a")
    (tmp_path / "l").symlink_to("a")
    digests = [scan(tmp_path).digest]
    (tmp_path / "a").write_text("b")
    digests.append(scan(tmp_path).digest)
    (tmp_path / "a").chmod(0o755)
    digests.append(scan(tmp_path).digest)
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("./a")
    digests.append(scan(tmp_path).digest)
    (tmp_path / "e").mkdir()
    digests.append(scan(tmp_path).digest)
    assert len(set(digests)) == 5


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a folder is a link: what is below it is listed once."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").write_text("a")
    (tmp_path / "l").symlink_to("d")
    assert [entry.path for entry in scan(tmp_path).entries] == ["d/a", "l"]


def test_empty_tree(tmp_path: Path) -> None:
    """An empty tree is refused."""
    with pytest.raises(BuildFailed, match="is empty, expected at least one file"):
        scan(tmp_path)


def test_no_tree(tmp_path: Path) -> None:
    """A tree that is not there is refused."""
    with pytest.raises(BuildFailed, match="gone: cannot be listed"):
        scan(tmp_path / "gone")


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Everything that cannot be released is told at once, each with its path and what to do."""
    (tmp_path / "good").write_text("a")
    (tmp_path / "out").symlink_to("../x")
    (tmp_path / "absolute").symlink_to("/etc/passwd")
    (tmp_path / "target").symlink_to("a\nb")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "line\nend").write_text("a")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/lat\xe9n"))).write_text("a")
    with pytest.raises(BuildFailed) as caught:
        scan(tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert all("expected" in line and ";" in line for line in lines)
    for said in (
        "'out': link to '../x' leads out of the tree",
        "'absolute': link to '/etc/passwd' leads to an absolute path",
        "'target': its target has control characters",
        "'pipe': is a named pipe",
        r"'line\nend': its name has control characters",
        r"lat\\xe9n': its name is not UTF-8",
    ):
        assert any(said in line for line in lines), said


def test_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A socket is refused."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(BuildFailed, match="'s': is a socket"):
            scan(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make devices")
def test_device(tmp_path: Path) -> None:
    """A device is refused."""
    try:
        os.mknod(tmp_path / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("devices are not allowed here")
    with pytest.raises(BuildFailed, match="'null': is a device"):
        scan(tmp_path)


@pytest.mark.skipif(shutil.which("setpriv") is None or os.geteuid() != 0, reason="needs another user to be")
def test_unreadable(tmp_path: Path) -> None:
    """A file that the user may not read is refused with its path."""
    (tmp_path / "secret").write_text("a")
    (tmp_path / "secret").chmod(0)
    tmp_path.chmod(0o755)
    program = "import sys; from pathlib import Path; from sendoff.artifact.scan import scan; scan(Path('.'))"
    environ = {**os.environ, "PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["setpriv", "--inh-caps=-all", "--bounding-set=-all", sys.executable, "-c", program],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if "BuildFailed" not in done.stderr and done.returncode == 0:
        pytest.skip("this kernel lets root read all")
    assert "'secret': cannot be read" in done.stderr
