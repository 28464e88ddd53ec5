"""The files of `docker/`: its programs as modules, its compose file as data."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def docker() -> Path:
    """The folder that they lie in."""
    return ROOT / "docker"


@pytest.fixture(scope="session")
def program(docker: Path) -> Callable[[str], ModuleType]:
    """Load a program by its name; the folder must not become a package."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"docker_{name}", docker / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def compose(docker: Path) -> dict[str, Any]:
    """The compose file."""
    data: dict[str, Any] = yaml.safe_load((docker / "compose.yaml").read_text("utf-8"))
    return data
