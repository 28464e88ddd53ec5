"""Prefect's engine, with all that runs need."""

from __future__ import annotations

import gc
import pkgutil
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from pydantic import BaseModel

import flows
from deployments.process import trust

LATER = ("prefect.task_engine", "prefect.concurrency.sync", "anyio._backends._asyncio")
POSTGRESQL = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg")


def load() -> None:
    """Import all of it.

    That makes some hundred thousand objects that stay. To look again and again whether some of them could go
    takes a quarter of the time, so nobody looks until all are there, and nobody looks at these later.
    """
    with _made_to_stay():
        import_module("prefect.flow_engine")
        for module in pkgutil.iter_modules(flows.__path__, "flows."):
            import_module(module.name)
        trust.share()


def complete(ledger: str) -> None:
    """Do what each run does in its first moments: import the rest, read certificates, finish models.

    `ledger` is its address. Prefect's models are finished when they are used first.
    """
    with _made_to_stay():
        for name in LATER + (POSTGRESQL if ledger.startswith("postgres") else ()):
            import_module(name)
        trust.read()
        for model in list(_below(BaseModel)):
            if model.__module__.startswith("prefect."):
                model.model_rebuild(raise_errors=False)


@contextmanager
def _made_to_stay() -> Iterator[None]:
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def run() -> None:
    """Carry out the run that the environment names."""
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
