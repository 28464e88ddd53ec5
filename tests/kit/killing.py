"""Processes that kill themselves before a request is sent or after its answer has come, at each in turn.

`python -m tests.kit.killing MODULE:FUNCTION DESCRIPTION` calls the function once with what is described; it
gives a deed. It reads lines `[number of the request, "before" or "after", arguments]`, does the deed with
these arguments in a child, and answers with how that ended: 0, or the signal that killed it, negated.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from botocore.httpsession import URLLib3Session

ROOT = Path(__file__).resolve().parents[2]


class Killing:
    """A process whose children do a deed and are killed on the way."""

    def __init__(self, deed: str, described: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.killing", deed, json.dumps(described)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def die(self, number: int, when: str, arguments: Sequence[Any] = ()) -> int:
        """Have a child die at a request, `before` it is sent or `after` its answer; gives how it ended."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([number, when, arguments]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def killing(deed: str, described: Any) -> Iterator[Killing]:
    """Start a process for a deed, `module:function`, and end it."""
    made = Killing(deed, described)
    try:
        yield made
    finally:
        made.process.communicate()


def every_kill(kills: Killing, begin: Callable[[str], Sequence[Any]], see: Callable[[], object]) -> int:
    """Kill it before each of its requests and after each answer, and look at what is left; counts the kills.

    `begin` prepares a place by a name that is new each time, and gives the arguments of the deed. `see`
    checks what was left there, and that a repeat comes right.
    """
    points = 0
    for when in ("before", "after"):
        for number in itertools.count():
            ended = kills.die(number, when, begin(f"{when}-{number}"))
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            see()
            points += 1
    return points


def die_at(number: int, when: str) -> None:
    """Have this process killed at a request of any client of AWS."""
    send, numbers = URLLib3Session.send, itertools.count()

    def counted(session: URLLib3Session, request: Any) -> Any:
        is_last = next(numbers) == number
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(session, request)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    URLLib3Session.send = counted


def main(deed: str, described: Any) -> None:
    """Answer each line."""
    module, _, function = deed.partition(":")
    do = getattr(import_module(module), function)(described)
    for line in sys.stdin:
        number, when, arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                die_at(number, when)
                do(*arguments)
            except BaseException:  # whatever it is, a child must not go on as its parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
