"""A release file that is right, to be made wrong in one place."""

import copy
from pathlib import Path

import pytest
import yaml

RIGHT = yaml.safe_load((Path(__file__).parent / "right.yaml").read_text())


@pytest.fixture
def data():
    return copy.deepcopy(RIGHT)
