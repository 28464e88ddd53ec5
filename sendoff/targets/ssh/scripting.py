"""The scripts that run on hosts, and how what they say is understood."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.targets.protocol import CommandResult

SAID = "sendoff:"
TELLING = ("no space left", "quota exceeded", "read-only file system", "permission denied")


@cache
def script(*names: str) -> str:
    """Read scripts of this package, joined in the order given."""
    folder = files("sendoff.targets.ssh").joinpath("scripts")
    return "\n".join(folder.joinpath(f"{name}.sh").read_text(encoding="utf-8") for name in names)


def call(name: str, *args: str) -> Sequence[str]:
    """Write the command that runs a script, with what all of them share, on a host."""
    return ("sh", "-c", script("fence", "common", name), "sendoff", *args)


def said(line: str) -> tuple[str, str] | None:
    """Split what a script says into its verb and the rest; None for other output."""
    if not line.startswith(SAID):
        return None
    verb, _, rest = line.removeprefix(SAID).partition(" ")
    return verb, rest.strip()


def understood(host: str, doing: str, result: CommandResult) -> list[tuple[str, str]]:
    """List what a script said; PolicyRefused when it refused, StepErrored when it did not end well.

    Fenced when the host has seen a larger number than ours.
    """
    lines = result.output.splitlines()
    words = [word for line in lines if (word := said(line))]
    for verb, rest in words:
        if verb == "refused":
            raise PolicyRefused(f"{host}: {doing} was refused: {rest}")
        if verb == "fenced":
            raise Fenced(f"{host}: {doing} was refused: it has seen number {rest}, which is larger than ours")
    if result.code == 0:
        return words
    what = next((rest for verb, rest in words if verb == "failed"), f"the script exited with {result.code}")
    noise = [line for line in lines if not said(line)]
    telling = next((line for line in noise if any(word in line.lower() for word in TELLING)), None)
    reason = f" ({telling})" if telling else ""
    last = "".join(f"\n  | {line}" for line in noise[-10:])
    raise StepErrored(f"{host}: {doing} failed: {what}{reason}; nothing of it was left there{last}")
