"""Tools that are compared with and that no part of Sendoff needs, installed beside the results on demand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def install(folder: Path, package: str, program: str) -> str | None:
    """Install a package into a virtual environment, once; gives the reason where that does not work."""
    if (folder / "bin" / program).exists():
        return None
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return "uv is not here to install it with"
    python = str(folder / "bin" / "python")
    for command in (
        (uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)),
        (uv, "pip", "install", "--quiet", "--python", python, package),
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"it could not be installed: {last.strip()}"
    return None
