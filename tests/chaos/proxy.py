"""What lies between a worker and a host: it carries connections, until it is cut."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any


class Proxy:
    """Listens on a port of its own for connections to another one.

    A cut breaks those that stand towards the worker. The host hears nothing of it, as of a cable that was
    pulled: it learns that its end is dead when the proxy is mended.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self._is_cut = False
        self._near: set[asyncio.StreamWriter] = set()
        self._far: list[tuple[asyncio.StreamWriter, asyncio.Task[None]]] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name=f"proxy of {port}", daemon=True).start()
        server = self._await(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        self._await(self._cut())

    def mend(self) -> None:
        self._is_cut = False

    def forget(self) -> None:
        """Let the host know that the other ends of what was cut are dead."""
        self._await(self._forget())

    def _await(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _cut(self) -> None:
        self._is_cut = True
        for each in list(self._near):
            each.transport.abort()

    async def _forget(self) -> None:
        for far, _ in self._far:
            far.transport.abort()
        self._far.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        if self._is_cut:
            writer.transport.abort()
            far.transport.abort()
            return
        self._near.add(writer)
        back = asyncio.create_task(self._back(there, writer))
        await _carry(reader, far)
        self._near.discard(writer)
        if self._is_cut:
            self._far.append((far, back))
        else:
            far.transport.abort()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _carry(there, writer)
        writer.transport.abort()


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
