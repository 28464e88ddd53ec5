"""The built tree: what it says of itself, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


class Tree:
    """A folder that `build.py` made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.version = (root / "VERSION").read_text("utf-8").strip()
        self.commit = (root / "COMMIT").read_text("utf-8").strip()

    def problems(self) -> list[str]:
        """Compare every file with the manifest; nothing is listed when all is well."""
        try:
            files = sorted(json.loads((self.root / "manifest.json").read_text("utf-8"))["files"].items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return [f"manifest.json: cannot be read: {error!r}"]
        found = (self._problem(path, expected) for path, expected in files)
        return [problem for problem in found if problem]

    def uncompilable(self) -> list[str]:
        """Compile every program of the tree, writing nothing."""
        problems = []
        for path in (*sorted((self.root / "shop").glob("*.py")), self.root / "bin" / "storefront"):
            try:
                compile(path.read_bytes(), str(path), "exec")
            except (OSError, SyntaxError, ValueError) as error:
                problems.append(f"{path.relative_to(self.root)}: does not compile: {error}")
        return problems

    def _problem(self, path: str, expected: str) -> str | None:
        try:
            content = (self.root / path).read_bytes()
        except OSError as error:
            return f"{path}: cannot be read: {error.strerror}"
        if hashlib.sha256(content).hexdigest() != expected:
            return f"{path}: was changed after the build"
        return None
