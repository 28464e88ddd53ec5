"""`sendoff targets`."""

from __future__ import annotations

import json

from click.testing import CliRunner

from sendoff.cli import main
from sendoff.targets.evidence import CAPABILITIES


def test_for_people() -> None:
    """Each capability has its evidence beside it."""
    result = CliRunner().invoke(main, ["targets"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for each in CAPABILITIES:
        (line,) = (
            line for line in result.output.splitlines() if line.startswith(each.kind) and each.what in line
        )
        assert f"{each.evidence}" in line
        assert each.on in line


def test_for_machines() -> None:
    """The test that shows it is named as well."""
    found = json.loads(CliRunner().invoke(main, ["targets", "--json"]).output)
    assert found == [each._asdict() for each in CAPABILITIES]
    assert all("::test_" in each["proof"] for each in found)
