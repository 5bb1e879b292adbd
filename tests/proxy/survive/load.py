"""Users who keep working, and what they notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tornado.httpclient import HTTPClientError
from tornado.iostream import IOStream
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    websocket_connect,
)

from jupyterhub_suite.proxy.testing.browser import Line
from tests.proxy.survive.balancer import Balancer, Passage

CONNECTIONS = 30
REQUESTS_A_SECOND = 300
WEBSOCKETS = 50
PATIENCE = 20.0


@dataclass
class Noticed:
    """What went wrong where no replica had been killed under it."""

    requests: int = 0
    messages: int = 0
    failed: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    slowest: float = 0
    reconnected: int = 0


class Load:
    def __init__(self, port: int, balancer: Balancer, users: list[str]) -> None:
        self._port, self._balancer, self._users = port, balancer, users
        self._over = asyncio.Event()
        self.noticed = Noticed()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Noticed]:
        self._started = asyncio.get_running_loop().time()
        workers = [
            *(asyncio.ensure_future(self._requests(n)) for n in range(CONNECTIONS)),
            *(asyncio.ensure_future(self._websocket(n)) for n in range(WEBSOCKETS)),
        ]
        try:
            yield self.noticed
            self._over.set()
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()

    def _path(self, n: int) -> str:
        return f"/user/{self._users[n % len(self._users)]}/"

    def _fail(self, what: str, port: int, why: str) -> None:
        passage = self._balancer.passage(port)
        through = f"replica {passage.replica}" if passage else "no replica"
        seconds = asyncio.get_running_loop().time() - self._started
        self.noticed.failed.append(f"{seconds:.2f} s: {what} through {through}: {why}")

    # Requests, each worker on a connection that it keeps.

    async def _requests(self, n: int) -> None:
        while not self._over.is_set():
            await self._connection(self._path(n))
            self.noticed.reconnected += 1

    async def _connection(self, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        own_port = writer.get_extra_info("sockname")[1]
        line = Line(reader, writer, f"127.0.0.1:{self._port}", PATIENCE)
        passage: Passage | None = None
        try:
            while not self._over.is_set():
                await self._paced(line, path, own_port)
                # Its port may be another's as soon as it is closed.
                passage = passage or self._balancer.passage(own_port)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            if not touched(passage or self._balancer.passage(own_port)):
                self._fail(path, own_port, repr(error))
        finally:
            writer.close()

    async def _paced(self, line: Line, path: str, own_port: int) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = await line.get(path)
        took = loop.time() - started
        self.noticed.requests += 1
        self.noticed.slowest = max(self.noticed.slowest, took)
        if answer.status != 200 or answer.by is None:
            self._fail(path, own_port, f"status {answer.status}")
        await asyncio.sleep(max(0, CONNECTIONS / REQUESTS_A_SECOND - took))

    # WebSockets, a message a second each.

    async def _websocket(self, n: int) -> None:
        url = f"ws://127.0.0.1:{self._port}{self._path(n)}-/socket"
        while not self._over.is_set():
            kills = self._balancer.kills
            try:
                socket = await websocket_connect(url, connect_timeout=PATIENCE)
            except (OSError, HTTPClientError) as error:
                # Whose port it was, nobody knows any more: it may have been the one
                # that was being killed.
                if self._balancer.kills == kills:
                    self._fail(url, 0, repr(error))
                await asyncio.sleep(0.1)
                continue
            passage = self._balancer.passage(local_port(socket))
            if not await self._chat(socket) and not touched(passage):
                self.noticed.closed.append(f"{url}: {socket.close_code}")
            socket.close()

    async def _chat(self, socket: WebSocketClientConnection) -> bool:
        """Whether the WebSocket stayed open until the end."""
        while not self._over.is_set():
            try:
                await socket.write_message("hello")
                back = await asyncio.wait_for(socket.read_message(), PATIENCE)
            except (OSError, WebSocketClosedError, asyncio.TimeoutError):
                return False
            if back != "hello":
                return False
            self.noticed.messages += 1
            await asyncio.sleep(1)
        return True


def touched(passage: Passage | None) -> bool:
    return passage is not None and passage.touched


def local_port(socket: WebSocketClientConnection) -> int:
    assert socket.protocol is not None
    stream = socket.protocol.stream
    assert isinstance(stream, IOStream)
    return stream.socket.getsockname()[1]
