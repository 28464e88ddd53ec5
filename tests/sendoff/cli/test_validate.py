"""`sendoff validate` and `sendoff schema`."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.cli import main

RIGHT = Path(__file__).parents[1] / "spec" / "right.yaml"
SITE = Path(__file__).parents[3] / "examples" / "site" / "release.yaml"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(RIGHT, "release.yaml")
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("given", ["release.yaml", "."])
def test_right(folder, given):
    """A file that is right is summed up in a line."""
    result = run("validate", given)
    assert result.stdout == "release.yaml: ok: application storefront, 2 environments, 3 hosts\n"
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_site_is_no_host(folder):
    """What is in a bucket is counted as what it is."""
    shutil.copy(SITE, "site.yaml")
    said = run("validate", "site.yaml").stdout
    assert said == "site.yaml: ok: application handbook, 2 environments, 2 sites\n"


def test_a_load_balancer_is_no_host(folder):
    """What is behind one are hosts, and it is one of its own kind."""
    shutil.copy(SITE.parents[1] / "balancer" / "release.yaml", "balancer.yaml")
    said = run("validate", "balancer.yaml").stdout
    assert said == "balancer.yaml: ok: application shop, 2 environments, 4 hosts, 2 load balancers\n"


def test_wrong(folder):
    """All problems of all files are told, and what is right as well; the exit code is 2."""
    Path("a.yaml").write_text("owner: 3\n")
    result = run("validate", "a.yaml", "release.yaml", "none.yaml")
    assert result.exit_code == 2
    assert result.stdout.startswith("release.yaml: ok: ")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("a.yaml:1: 'application' is missing, expected what the application is called")
    assert "a.yaml:1: owner: 3 is read as a number, expected text: quote it, '3'" in lines
    assert lines[-1] == "none.yaml: cannot be read (no such file or directory), expected a YAML file"


FREEZES = """\
freezes:
  - {calendar: company.ics, owner: ops, reason: Holidays, environments: [production]}
"""


def test_freezes(folder):
    """Files of freezes and the calendars that they name are checked as well."""
    Path("freezes.yaml").write_text(FREEZES)
    Path("company.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    result = run("validate", ".")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (0, "freezes.yaml: ok: freezes, 1 entry")
    Path("company.ics").write_text("BEGIN:VCALENDAR\nhello\nEND:VCALENDAR\n")
    Path("freezes.yaml").write_text(FREEZES.replace("[production]", "[prod]"))
    result = run("validate", ".")
    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [
            "company.ics:2: 'hello' is no line of a calendar, expected NAME:value",
            "freezes.yaml:2: freezes/0/environments/0: unknown environment 'prod', "
            "expected one of: production, staging",
        ],
    )


def test_json(folder):
    """A machine gets the same as JSON, with the same exit codes."""
    result = run("validate", "--json", "release.yaml")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["problems"]) == (0, True, [])
    assert told["files"][0]["environments"] == ["staging", "production"]
    Path("a.yaml").write_text("a: [")
    result = run("validate", "--json", "a.yaml")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["files"]) == (2, False, [])
    assert told["problems"][0] | {"what": ""} == {
        "file": "a.yaml",
        "line": 1,
        "path": "",
        "what": "",
        "expected": "YAML; look for a missing quote, colon or indent",
    }


def test_schema():
    """The schema is printed as JSON."""
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "Sendoff release file"


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode(errors="surrogatepass")))
def test_fuzz(folder, content):
    """Whatever is in a file, the answer is a list of problems with file and line."""
    Path("fuzz.yaml").write_bytes(content)
    result = run("validate", "fuzz.yaml")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert all(line.startswith("fuzz.yaml:") for line in result.stderr.rstrip("\n").split("\n"))
