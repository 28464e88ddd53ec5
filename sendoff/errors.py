"""What can go wrong, by what has to be done about it.

SendoffError
├── BadInput        a file or an answer is wrong: every problem at once; mend it, nothing has happened
├── PolicyRefused   a rule said no: nothing was changed
├── CheckFailed     a verdict: the release is not good; what it switched is undone
│   ├── BuildFailed the build command said no: there is nothing to deploy
│   └── Undone      it had gone live and was put back
└── StepErrored     machinery broke: the only kind that is retried
    ├── CommandFailed     a command on a host exited with another code than 0
    ├── HostUnreachable   no connection, or it broke: what the host did is not known until it is asked again
    └── Stopped           it broke beyond its retries, and was to be left as it is

Fenced is none of these: it says nothing of the release, but that this process is not the one to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


class SendoffError(Exception):
    """Anything Sendoff itself reports, worded `where: what happened, what was expected; what to do`."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process as it is, whatever its kind asks for when it is made."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[SendoffError], args: tuple[Any, ...], values: dict[str, Any]) -> SendoffError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(values)
    return error


class Fenced(Exception):
    """Another process has a larger number: this one was believed dead and must not change anything more."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a file: where it is (line 0: no line is known) and what was expected."""

    file: str
    line: int
    path: str
    what: str
    expected: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        expected = f", expected {self.expected}" if self.expected else ""
        return ": ".join(part for part in (where, self.path, f"{self.what}{expected}") if part)


class BadInput(SendoffError):
    """What was given is wrong; carries all problems, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PolicyRefused(SendoffError):
    """A rule said no before anything was changed."""


class CheckFailed(SendoffError):
    """The thing released was looked at and is not good."""


class BuildFailed(CheckFailed):
    """The build command failed or made something that cannot be released."""


class Undone(CheckFailed):
    """The release had gone live somewhere, was not good, and was put back."""


class StepErrored(SendoffError):
    """The machinery broke: worth trying again."""


class HostUnreachable(StepErrored):
    """A host could not be reached, or the connection to it broke."""


class NotBegun(SendoffError):
    """Somebody cancelled the run, so a step was not begun."""


class Stopped(StepErrored):
    """Machinery broke, and the answer was to stop here: nothing more is changed, not even back."""


class CommandFailed(StepErrored):
    """A command on a host exited with another code than 0; shows command, host, code and last lines."""

    def __init__(self, host: str, command: Sequence[str], code: int, output: str) -> None:
        self.host, self.command, self.code = host, tuple(command), code
        self.last_lines = tuple(output.splitlines()[-10:])
        shown = "".join(f"\n  | {line}" for line in self.last_lines) or "\n  | (no output)"
        super().__init__(
            f"{host}: {' '.join(command)!r} exited with {code}, expected 0; its last lines:{shown}"
        )
