"""Links, anchors and images of the documentation."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
LARGEST = 300_000  # bytes: a picture loads at once


def anchors(text: str) -> set[str]:
    """Name the headings of a page as GitHub does."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page, prose):
    """Every link to a file finds it, and every anchor a heading."""
    here = ROOT / page
    for link in LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = here.parent / path if path else here
        assert target.exists(), f"{page}: {link}"
        assert target.resolve().is_relative_to(ROOT), f"{page}: {link} leaves the checkout"
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), f"{page}: {link}"


def test_images_are_shown():
    """Every picture is shown on a page, is a real one, and no larger than it needs to be."""
    shown = {
        (ROOT / page).parent / link
        for page in PAGES
        for link in LINK.findall((ROOT / page).read_text("utf-8"))
        if link.endswith(".png")
    }
    images = set((ROOT / "docs" / "images").iterdir())
    assert images == {path.resolve() for path in shown}
    for image in images:
        data = image.read_bytes()
        width, height = struct.unpack(">II", data[16:24])
        assert data.startswith(b"\x89PNG\r\n"), image
        assert min(width, height) > 300, image
        assert len(data) <= LARGEST, image


def test_the_index_names_every_page():
    """Nobody has to guess what documentation there is."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    named = set(LINK.findall(index))
    assert named == {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}
