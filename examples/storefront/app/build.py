#!/usr/bin/env python3
"""Build the shop into `dist/`: the same sources, version and commit give the same bytes."""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import re
import shutil
import sys
from pathlib import Path
from string import Template

SOURCE = Path(__file__).resolve().parent
PROGRAMS = ("bin/storefront",)


def build(version: str, commit: str, dist: Path) -> int:
    """Write the whole tree anew; gives the number of its files."""
    shutil.rmtree(dist, ignore_errors=True)
    for path in (*SOURCE.glob("shop/*.py"), *SOURCE.glob("*.json"), SOURCE / "bin" / "storefront"):
        write(dist / path.relative_to(SOURCE), path.read_bytes())
    names = {path.name: fingerprint(path, dist) for path in sorted(SOURCE.glob("static/*"))}
    write(dist / "pages" / "index.html", page(version, names).encode())
    write(dist / "VERSION", f"{version}\n".encode())
    write(dist / "COMMIT", f"{commit}\n".encode())
    files = {str(path.relative_to(dist)): digest(path) for path in dist.rglob("*") if path.is_file()}
    write(dist / "manifest.json", json.dumps({"files": files}, indent=1, sort_keys=True).encode())
    for path in dist.rglob("*"):
        path.chmod(0o755 if path.is_dir() or str(path.relative_to(dist)) in PROGRAMS else 0o644)
    return len(files) + 1


def page(version: str, names: dict[str, str]) -> str:
    """Render the page; prices are left as slots, which the server fills."""
    product = Template((SOURCE / "templates" / "product.html").read_text("utf-8"))
    products = json.loads((SOURCE / "products.json").read_text("utf-8"))
    shelf = [product.substitute(escaped(each), image=image(each["image"])) for each in products]
    whole = Template((SOURCE / "templates" / "index.html").read_text("utf-8"))
    return whole.substitute(
        version=html.escape(version),
        products="".join(shelf),
        css=names["app.css"],
        js=names["app.js"],
        icon=names["icon.svg"],
    )


def escaped(product: dict[str, str]) -> dict[str, str]:
    """Make the words of a product safe to stand in a page."""
    return {key: html.escape(value) for key, value in product.items()}


def image(name: str) -> str:
    """Read a drawing, to stand in the page itself."""
    return (SOURCE / "images" / name).read_text("utf-8").strip()


def fingerprint(path: Path, dist: Path) -> str:
    """Copy a static file under a name that changes with its content: app.css to app.1a2b3c4d.css."""
    name = f"{path.stem}.{digest(path)[:8]}{path.suffix}"
    write(dist / "static" / name, path.read_bytes())
    return name


def digest(path: Path) -> str:
    """Digest a file: 64 hexadecimal digits of SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def word(text: str) -> str:
    """Take a version or a commit: what may stand in a header and a file name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not made of letters, digits and . _ + -")
    return text


def main() -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=word, required=True)
    parser.add_argument("--commit", type=word, default="unknown")
    said = parser.parse_args()
    print(f"storefront {said.version}: {build(said.version, said.commit, SOURCE / 'dist')} files in dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
