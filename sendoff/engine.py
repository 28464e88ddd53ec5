"""What a worker starts for each run.

Unless told, Prefect starts two processes one after the other: the first looks for source code to fetch, of
which there is none here, and takes nearly as long as the second. This one is run by the Python that runs the
worker, whatever PATH says; SENDOFF_PYTHON names another where neither is right.
"""

from __future__ import annotations

PARENT = 'p="$(tr "\\0" "\\n" 2>/dev/null </proc/$PPID/cmdline | head -n 1)"'
ABSOLUTE = 'case "$p" in /*) ;; */*) p="$(readlink /proc/$PPID/cwd)/$p" ;; esac'
RUN = 'exec "${SENDOFF_PYTHON:-${p:-python}}" -m deployments.process'
ENGINE = f"sh -c '{PARENT}; {ABSOLUTE}; {RUN}'"
