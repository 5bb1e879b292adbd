"""WebSocket round trips through a proxy, to an echo in this process."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketHandler,
    websocket_connect,
)


class Echo(WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return True

    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message)


@contextmanager
def echo() -> Iterator[str]:
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(".*", Echo)]))
    server.add_sockets(sockets)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.stop()


async def round_trip(url: str, seconds: float) -> float:
    """The median time of one message there and back, while nothing else happens."""
    connection = await websocket_connect(url)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        await _there_and_back(connection)
        times.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(times)


async def round_trips(url: str, connections: int, seconds: float) -> float:
    """How many messages a second go there and back on many connections at once."""
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_count(url, end) for _ in range(connections)))
    return sum(counts) / seconds


async def _count(url: str, end: float) -> int:
    connection = await websocket_connect(url)
    count = 0
    while time.perf_counter() < end:
        await _there_and_back(connection)
        count += 1
    connection.close()
    return count


async def _there_and_back(connection: WebSocketClientConnection) -> None:
    await connection.write_message("x" * 100)
    if await connection.read_message() is None:
        raise RuntimeError("the WebSocket was closed in the middle of a measurement")
