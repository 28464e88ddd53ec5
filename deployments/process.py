"""The process of one run: Prefect's engine, started sooner.

Importing Prefect makes some hundred thousand objects that stay. To look again and again whether some of them
could go takes a quarter of the time, so nobody looks until all are there, and nobody looks at these later.
"""

from __future__ import annotations

import gc
import runpy
from importlib import import_module

if __name__ == "__main__":
    gc.disable()
    import_module("prefect.flow_engine")
    gc.freeze()
    gc.enable()
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
