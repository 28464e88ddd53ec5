"""What the documentation says without running it: release files, and commands within sentences."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from sendoff import catalog
from sendoff.cli import COMMANDS, main
from sendoff.spec.canaries import canary_findings
from sendoff.spec.canary import Canary
from sendoff.spec.models import Inventory

ROOT = Path(__file__).resolve().parents[2]
OURS = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")))


@pytest.mark.parametrize("page", OURS)
def test_languages(page, blocks):
    """No block hides from these tests behind another name for a shell."""
    known = {"console", "sh", "yaml", "python", "json", ""}
    assert {block.language for block in blocks(page)} <= known


@pytest.mark.parametrize("page", OURS)
def test_release_files(page, blocks, root, tmp_path):
    """What looks like a release file or an inventory is a right one."""
    shutil.copy(root / "examples" / "storefront" / "hosts.yaml", tmp_path)
    for block in blocks(page):
        data = yaml.safe_load(block.text) if block.language == "yaml" else None
        if isinstance(data, dict) and "application" in data:
            path = tmp_path / f"line-{block.line}" / "release.yaml"
            path.parent.mkdir()
            path.write_text(block.text)
            assert catalog.load(path).file.application == data["application"]
        elif isinstance(data, dict) and data.keys() == {"hosts"}:
            assert Inventory.model_validate(data).hosts


def test_canaries(blocks):
    """What looks like a canary is a right one, of each kind of source."""
    found = [
        Canary.model_validate_json(json.dumps(yaml.safe_load(block.text)["canary"]), strict=True)
        for block in blocks("docs/canary.md")
        if block.language == "yaml"
    ]
    assert [list(canary_findings((), each)) for each in found] == [[], []]
    assert {each.source.kind for canary in found for each in canary.compare} == {"prometheus", "cloudwatch"}


@pytest.mark.parametrize("page", OURS)
def test_commands_within_sentences(page, prose):
    """A command that is only mentioned exists, as do its options."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for mentioned in re.findall(r"`([^`\n]+)`", prose(page)):
        program, *words = mentioned.split()
        if program == "sendoff" and words:
            assert words[0] in COMMANDS, mentioned
            assert _options(words) >= {word for word in words if re.fullmatch(r"--[a-z-]+", word)}, mentioned
        elif program == "make" and words:
            assert words[0] in targets or "=" in words[0], mentioned


def _options(words: list[str]) -> set[str]:
    context = main.make_context("sendoff", ["--help"], resilient_parsing=True)
    command = main.get_command(context, words[0])
    nested = getattr(command, "commands", {}).get(words[1]) if len(words) > 1 else None
    params = (nested or command).params
    return {each for param in params for each in (*param.opts, *param.secondary_opts)} | {"--help"}
