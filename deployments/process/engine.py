"""Prefect's engine, with all that runs need."""

from __future__ import annotations

import gc
import pkgutil
import runpy
from importlib import import_module

import flows


def load() -> None:
    """Import all of it.

    That makes some hundred thousand objects that stay. To look again and again whether some of them could go
    takes a quarter of the time, so nobody looks until all are there, and nobody looks at these later.
    """
    gc.disable()
    import_module("prefect.flow_engine")
    for module in pkgutil.iter_modules(flows.__path__, "flows."):
        import_module(module.name)
    gc.freeze()
    gc.enable()


def run() -> None:
    """Carry out the run that the environment names."""
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
