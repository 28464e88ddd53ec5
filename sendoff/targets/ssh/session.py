"""A connection to a host, over which commands run, each on a channel of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

from paramiko import Channel, ChannelException, Transport

from sendoff.errors import StepErrored
from sendoff.targets.protocol import CommandResult
from sendoff.targets.ssh.faults import boundary
from sendoff.targets.ssh.talk import Overdue, Talk
from sendoff.targets.ssh.words import exports, quoted

CHANNELS = 6  # at a time: sshd lets 10 through unless told otherwise
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5)  # seconds between the tries to open one
STARTED = "sendoff:group "
# Says its process group, reads the variables from its input, runs the command, ends the output, and waits for
# the end of the input: a message that crosses the end of its channel makes the host hang up the connection.
LAUNCH = f"""group=$$
if read -r stat 2>/dev/null </proc/$$/stat; then
  stat=${{stat##*) }} && stat=${{stat#* * }} && group=${{stat%% *}}
fi
echo "{STARTED}$group"
read -r size
eval "$(dd bs=1 count="$size" 2>/dev/null)"
"$@"
code=$?
exec >/dev/null 2>&1
cat
exit "$code"
"""
KILL = 'kill -TERM "-$1" && sleep 1 && kill -KILL "-$1"'  # dash takes no -- before a group


class Session:
    """A connection that is logged in. Its methods may be called from several threads at once."""

    def __init__(self, transport: Transport, name: str, via: Transport | None = None) -> None:
        self.name = name
        self._transport, self._via = transport, via
        self._free = threading.BoundedSemaphore(CHANNELS)

    @property
    def is_alive(self) -> bool:
        """Tell whether the connection stands, as far as is known on this side."""
        return self._transport.is_active()

    def run(
        self,
        argv: Sequence[str],
        stdin: BinaryIO | bytes = b"",
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """Run a command to its end; its last 64 KB of output are kept, its variables are shown to nobody."""
        with self.talk(argv, timeout, env) as talk:
            talk.read_on()
            talk.send(stdin)
            return talk.result()

    @contextmanager
    def talk(
        self, argv: Sequence[str], timeout: float, env: Mapping[str, str] | None = None
    ) -> Iterator[Talk]:
        """Start a command to talk with; when its time is up, it and all that it started are killed."""
        with self._free:
            talk = Talk(self._started(argv), self.name, timeout)
            group = None
            try:
                talk.send(exports(env or {}))
                group = _group(talk)
                yield talk
            except Overdue:
                self._kill(group)
                raise
            finally:
                talk.close()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()
        if self._via:
            self._via.close()

    def _started(self, argv: Sequence[str]) -> Channel:
        with boundary(self.name, "starting a command"):
            channel = self._opened()
            channel.set_combine_stderr(True)
            channel.exec_command(quoted(["sh", "-c", LAUNCH, "sendoff", *argv]))
            return channel

    def _opened(self) -> Channel:
        """Open a channel; a daemon counts one that has just ended for a moment longer, and says no."""
        for pause in PAUSES:
            with suppress(ChannelException):
                return self._transport.open_session(timeout=30)
            time.sleep(pause)
        return self._transport.open_session(timeout=30)

    def _kill(self, group: str | None) -> None:
        if group is None:
            return
        with suppress(StepErrored):
            talk = Talk(self._started(["sh", "-c", KILL, "sh", group]), self.name, timeout=10)
            talk.send(exports({}))
            talk.result()
            talk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _group(talk: Talk) -> str | None:
    """Read up to the line that says the process group; what a login shell prints before it, is kept."""
    while (line := talk.line()) is not None:
        if line.startswith(STARTED):
            return line.removeprefix(STARTED)
        talk.note(line)
    return None
