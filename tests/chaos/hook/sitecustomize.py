"""Python reads this at its start where PYTHONPATH names its folder: it has the boundaries of runs watched.

It changes nothing but the processes of runs, and nothing in them before `flows.attempt` has been loaded.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder
from typing import Any


class Late(MetaPathFinder):
    """Waits until `flows.attempt` has been loaded, and with it all that is watched."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "flows.attempt":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = spec.loader if spec else None
        load = loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            import boundaries  # noqa: PLC0415

            boundaries.watch(os.environ["CHAOS"])

        loader.exec_module = exec_module
        return spec


if "PREFECT__FLOW_RUN_ID" in os.environ and "CHAOS" in os.environ:
    sys.meta_path.insert(0, Late())
