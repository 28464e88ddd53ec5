#!/opt/sendoff/bin/python -I
"""Take secrets from the files that variables such as SENDOFF_LEDGER_FILE name, then become the command."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

OURS = ("PREFECT_", "SENDOFF_")
TLS = "PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_"
PATHS = {"PREFECT_API_SSL_CERT_FILE", f"{TLS}CA_FILE", f"{TLS}CERT_FILE", f"{TLS}KEY_FILE"}
"""What Prefect itself reads as the path of a file."""


def with_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Put the content of each file in the place of the variable that names it, or say what is wrong."""
    found = dict(environ)
    for variable, file in environ.items():
        name = variable.removesuffix("_FILE")
        if variable in PATHS or name == variable or not name.startswith(OURS):
            continue
        if environ.get(name):
            raise ValueError(f"{name}: is set, as is {variable}, expected one of them; remove the other")
        found[name] = _secret(variable, file)
        del found[variable]
    return found


def _secret(variable: str, file: str) -> str:
    where = f"{variable}={file}"
    try:
        content = Path(file).read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        who = f"user {os.getuid()}"
        raise ValueError(f"{where}: {error.strerror}, expected a file that {who} may read") from None
    except UnicodeDecodeError:  # its words would show some of the content
        raise ValueError(f"{where}: is not text in UTF-8, expected the secret") from None
    if not content.strip() or "\0" in content:
        raise ValueError(f"{where}: is empty or holds a zero byte, expected the secret")
    return content


if __name__ == "__main__":
    try:
        environment = with_secrets(os.environ)
        os.execvpe(sys.argv[1], sys.argv[1:], environment)  # noqa: S606 - there is no shell to be had
    except IndexError:
        sys.exit("entrypoint: no command, expected one, such as 'prefect version'")
    except (ValueError, OSError) as error:
        sys.exit(f"entrypoint: {error}")
