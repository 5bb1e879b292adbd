"""A TCP balancer that knows which connections a dying replica takes with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from itertools import count


class Passage:
    """One connection through one replica."""

    def __init__(self, replica: int) -> None:
        self.replica = replica
        self.touched = False


class Balancer:
    def __init__(self, ports: list[int]) -> None:
        """`ports` are those of the replicas."""
        self._ports = ports
        self._turn = count()
        self._passages: dict[int, Passage] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._not_ready: set[int] = set()
        self.kills = 0

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def touch(self, replica: int) -> None:
        """The replica is about to be killed: who is connected to it now will know."""
        self.kills += 1
        for passage in self._passages.values():
            if passage.replica == replica:
                passage.touched = True

    def withhold(self, replica: int) -> None:
        """Send nobody to a replica that is not ready, as Kubernetes would not."""
        self._not_ready.add(replica)

    def admit(self, replica: int) -> None:
        self._not_ready.discard(replica)

    def passage(self, client_port: int) -> Passage | None:
        """None if the connection reached no replica, or not yet."""
        return self._passages.get(client_port)

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # When one end has gone, the other is closed.
        with closing(writer), suppress(OSError):
            await self._pass(reader, writer)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        replica, (there_reader, there_writer) = await self._connect()
        client_port = writer.get_extra_info("peername")[1]
        self._passages[client_port] = Passage(replica)
        directions = [
            asyncio.ensure_future(copy(reader, there_writer)),
            asyncio.ensure_future(copy(there_reader, writer)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            there_writer.close()

    async def _connect(
        self,
    ) -> tuple[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """In turn; a replica that refuses connections is passed over."""
        turn = next(self._turn)
        for n in range(len(self._ports)):
            replica = (turn + n) % len(self._ports)
            if replica in self._not_ready:
                continue
            with suppress(OSError):
                opened = asyncio.open_connection("127.0.0.1", self._ports[replica])
                return replica, await opened
        raise ConnectionRefusedError("no replica accepts connections")


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
