"""Print those entries of a lock that a list of packages asks for, with their hashes."""

import re
import sys
from pathlib import Path


def pick(lock: str, packages: str) -> str:
    """Keep the entries named; ValueError if the lock lacks one."""
    entries = {
        entry.partition(" \\\n")[0]: entry
        for entry in re.split(r"^(?=\w)", lock, flags=re.MULTILINE)
        if entry.strip()
    }
    wanted = packages.splitlines()
    if lacking := [name for name in wanted if name not in entries]:
        raise ValueError(f"the lock lacks {', '.join(lacking)}; run make lock")
    return "".join(entries[name] for name in wanted)


if __name__ == "__main__":
    try:
        print(pick(*(Path(name).read_text("utf-8") for name in sys.argv[1:3])), end="")
    except ValueError as error:
        sys.exit(f"{sys.argv[2]}: {error}")
