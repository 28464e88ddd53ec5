"""Programs of this machine that do not come with Python."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sendoff.errors import PolicyRefused

POSTGRESQL = Path("/usr/lib/postgresql")


def find(program: str, package: str) -> Path:
    """Find a program, also where not everybody's PATH leads; of several PostgreSQLs the newest."""
    versions = sorted(POSTGRESQL.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    folders = [*map(str, versions), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is None:
        raise PolicyRefused(
            f"{program}: is not installed here, expected it from the Debian package {package}; "
            f"as root, run `apt-get install --no-install-recommends {package}`"
        )
    return Path(found)
