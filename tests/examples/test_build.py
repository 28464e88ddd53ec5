"""The example's own build step."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.demo.history import VERSIONS

APP = Path(__file__).resolve().parents[2] / "examples" / "storefront" / "app"


def content(tree: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in tree.rglob("*") if path.is_file())
    return {str(path.relative_to(tree)): (path.stat().st_mode, path.read_bytes()) for path in files}


@pytest.mark.parametrize("version", [*VERSIONS, "main"])
def test_same_bytes_twice(version, build, built, tmp_path):
    """Each version, built in two checkouts, gives identical trees: paths, modes and bytes."""
    assert content(build(version, tmp_path / "again")) == content(built(version))


def test_static_files_are_named_by_content(built):
    """A changed style sheet gets another name; an unchanged script keeps it."""
    before, after = ({path.name for path in (built(v) / "static").iterdir()} for v in ("2.4.0", "2.4.1"))
    assert {name.split(".")[0] for name in before ^ after} == {"app"}
    assert {name for name in before ^ after if not name.endswith(".css")} == set()


def test_page_names_only_what_is_there(built):
    """Every static file that the page asks for was built."""
    asked = re.findall(r'"/(static/[^"]+)"', (built("2.4.1") / "pages" / "index.html").read_text())
    assert len(asked) == 3
    assert all((built("2.4.1") / path).is_file() for path in asked)


def test_manifest_lists_all(built):
    """Every file but the manifest itself is in the manifest."""
    listed = json.loads((built("2.4.1") / "manifest.json").read_text())["files"]
    assert set(listed) == set(content(built("2.4.1"))) - {"manifest.json"}


def test_only_the_broken_build_has_no_prices(built):
    """The bug is in the build: the sources have a price list, the tree does not."""
    source = built("broken").parent
    assert (source / "prices" / "eur.json").is_file()
    assert not list(built("broken").rglob("eur.json"))
    assert (built("main") / "prices.json").is_file()


@pytest.mark.parametrize("version", ["", "2.4 1", "../x", "<b>", "-v"])
def test_refuses_a_version_that_could_not_be_a_name(version):
    """Nothing is built of a version that cannot stand in a header."""
    command = (sys.executable, "build.py", f"--version={version}")
    refused = subprocess.run(command, cwd=APP, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "is not made of letters" in refused.stderr


@pytest.mark.parametrize(
    "program", [*APP.glob("**/*.py"), APP / "bin" / "storefront"], ids=lambda path: path.name
)
def test_is_written_for_the_python_of_old_hosts(program):
    """All of it is Python 3.9."""
    ast.parse(program.read_text(), feature_version=(3, 9))
