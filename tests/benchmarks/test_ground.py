"""The state of hosts before and after a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import ground
from benchmarks.farm import FarmHost


@pytest.fixture
def host(tmp_path: Path) -> FarmHost:
    """A host with two releases as Sendoff leaves them, the newer one live."""
    made = FarmHost("h01", 22, str(tmp_path / "h01"))
    for release in ("old", "new"):
        (made.root / "releases" / release / "lib").mkdir(parents=True)
        (made.root / "releases" / release / "lib" / "a").write_text(release)
        (made.root / ".sendoff" / "manifests" / release).mkdir(parents=True)
    (made.root / ".sendoff" / "tmp" / "left").mkdir(parents=True)
    (made.root / "current").symlink_to("releases/new")
    return made


def test_nothing_is_left_on_an_emptied_host(host: FarmHost) -> None:
    """The next release is its first."""
    ground.empty([host])
    assert [path.name for path in host.root.rglob("*")] == ["releases"]


def test_a_host_is_put_back_to_one_release(host: FarmHost) -> None:
    """The newer release, its manifest and what was left lying about are gone, and the old one is live."""
    ground.put_back([host], "old")
    assert (host.root / "current" / "lib" / "a").read_text() == "old"
    assert [path.name for path in (host.root / "releases").iterdir()] == ["old"]
    assert [path.name for path in (host.root / ".sendoff" / "manifests").iterdir()] == ["old"]
    assert not list((host.root / ".sendoff" / "tmp").iterdir())


def test_nothing_is_wrong_where_all_is_there(host: FarmHost) -> None:
    """The live release has every file, with the hash it should have."""
    assert ground.wrong([host], "new", ground.hashes(host.root / "releases" / "new")) is None


def test_another_release_that_is_live_is_wrong(host: FarmHost) -> None:
    """A tool that did not switch has not done its work."""
    assert ground.wrong([host], "old", {}) == "h01: current is not old"


def test_a_path_more_is_wrong(host: FarmHost) -> None:
    """What a tool left behind in the release is found."""
    wanted = ground.hashes(host.root / "releases" / "new")
    (host.root / "releases" / "new" / "left").write_text("")
    assert ground.wrong([host], "new", wanted) == "h01: 1 paths more or less, such as left"


def test_a_file_with_other_content_is_wrong(host: FarmHost) -> None:
    """What arrived is compared, not only that it arrived."""
    wanted = ground.hashes(host.root / "releases" / "old")
    assert ground.wrong([host], "new", wanted) == "h01: lib/a is not what was released"
