"""The entrypoint: secrets come from files, what is wrong is said, and no secret is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prefect.settings import Settings
from pydantic import BaseModel

SHOW = (sys.executable, "-c", "import os; print(dict(os.environ))")


@pytest.fixture
def enter(docker):
    def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        words = (sys.executable, "-I", docker / "entrypoint.py", *command)
        return subprocess.run(
            words, env={"PATH": "/usr/bin:/bin", **environ}, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def secret(tmp_path):
    def write(content: str | bytes) -> str:
        path = tmp_path / f"secret-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def test_secrets_become_variables(enter, secret):
    """What a file holds stands in the variable, without its last line's end; the file's name is gone."""
    files = {"SENDOFF_LEDGER_FILE": secret("one\n"), "PREFECT_SERVER_API_AUTH_STRING_FILE": secret("two")}
    done = enter(*SHOW, **files, SENDOFF_HOME="/home")
    assert done.returncode == 0
    assert "'SENDOFF_LEDGER': 'one'" in done.stdout
    assert "'PREFECT_SERVER_API_AUTH_STRING': 'two'" in done.stdout
    assert "'SENDOFF_HOME': '/home'" in done.stdout
    assert "_FILE" not in done.stdout


def test_other_files_are_left_alone(enter, secret):
    """Names of files that others read, Prefect's own among them, stay as they are."""
    done = enter(*SHOW, AWS_WEB_IDENTITY_TOKEN_FILE="/a", SSL_CERT_FILE="/b", PREFECT_API_SSL_CERT_FILE="/c")
    assert done.returncode == 0
    for each in ("TOKEN_FILE': '/a'", "'SSL_CERT_FILE': '/b'", "'PREFECT_API_SSL_CERT_FILE': '/c'"):
        assert each in done.stdout


def test_it_becomes_the_command(enter):
    """The command's exit code is the container's."""
    assert enter(sys.executable, "-c", "raise SystemExit(7)").returncode == 7


@pytest.mark.parametrize("content", ["", "\n", "hunter2\0", b"hunter2\xff"])
def test_a_wrong_file_is_refused(enter, secret, content):
    """A file that holds no secret ends it before the command, with its name and without what is in it."""
    path = secret(content)
    done = enter(*SHOW, SENDOFF_LEDGER_FILE=path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"entrypoint: SENDOFF_LEDGER_FILE={path}: is ")
    assert "expected the secret" in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_file_is_refused(enter):
    """It says which variable, which file, and who wanted to read it."""
    done = enter(*SHOW, SENDOFF_LEDGER_FILE="/nowhere/ledger")
    assert done.returncode == 1
    assert "SENDOFF_LEDGER_FILE=/nowhere/ledger: No such file or directory, expected" in done.stderr


def test_two_values_are_refused(enter, secret):
    """Nobody has to guess which of two secrets counts, and neither is shown."""
    done = enter(*SHOW, SENDOFF_LEDGER="hunter1", SENDOFF_LEDGER_FILE=secret("hunter2"))
    assert done.returncode == 1
    assert "SENDOFF_LEDGER: is set, as is SENDOFF_LEDGER_FILE" in done.stderr
    assert "hunter" not in done.stderr


@pytest.mark.parametrize(("command", "said"), [((), "no command"), (("no-such-program",), "No such file")])
def test_no_command(enter, command, said):
    """Without a command, or with one that is not there, it says so."""
    done = enter(*command)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_prefect_reads_no_other_files(program):
    """What Prefect itself takes as the path of a file is known: a newer one may have more."""
    entrypoint = program("entrypoint")
    assert set(_files(Settings, "PREFECT_")) == entrypoint.PATHS


def _files(model: type[BaseModel], prefix: str) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += _files(kind, f"{prefix}{name.upper()}_")
        elif name.endswith("_file"):
            found.append(f"{prefix}{name.upper()}")
    return found
