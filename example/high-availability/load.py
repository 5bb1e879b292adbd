"""What a user's day is made of, at some speed, and what the user notices of our doings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    websocket_connect,
)
from user import User

from jupyterhub_suite.proxy.testing.browser import Line
from jupyterhub_suite.services.status.checks.kernel import request

CONNECTIONS = 20
WEBSOCKETS = 10
PATIENCE = 20.0


@dataclass
class Noticed:
    requests: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    # WebSockets: closed for no reason, and with the Traefik that they went through.
    closed: list[str] = field(default_factory=list)
    moved: int = 0
    messages: int = 0


class Load:
    """Requests on kept connections, and WebSockets to a kernel, a message a second."""

    def __init__(self, user: User, rate: float) -> None:
        self._user, self._rate = user, rate
        self._address = user.origin.partition("//")[2]
        # Where nothing else is said: eight of ten requests go to the user's server.
        server = f"/user/{user.name}/api/status"
        own = f"/services/entrypoint/users/{user.name}/systems/lab/entrypoints"
        self._paths = [*[server] * 8, own, "/services/status/"]
        self._over = asyncio.Event()
        self.noticed = Noticed()
        # The part that is being killed: what went through it goes with it.
        self.victim = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        workers = [
            *(asyncio.ensure_future(self._requests(n)) for n in range(CONNECTIONS)),
            *(asyncio.ensure_future(self._websocket()) for _ in range(WEBSOCKETS)),
        ]
        try:
            yield
            self._over.set()
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()

    def take(self) -> Noticed:
        """What was noticed since this was asked last."""
        noticed, self.noticed = self.noticed, Noticed()
        return noticed

    async def _requests(self, turn: int) -> None:
        while not self._over.is_set():
            try:
                turn = await self._connection(turn)
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                self.noticed.failed.append(f"{self._path(turn)}: {error!r}")
                await asyncio.sleep(0.1)

    def _path(self, turn: int) -> str:
        return self._paths[turn % len(self._paths)]

    async def _connection(self, turn: int) -> int:
        host, _, port = self._address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        line = Line(reader, writer, self._address, PATIENCE)
        try:
            while not self._over.is_set():
                await self._paced(line, self._path(turn))
                turn += 1
        finally:
            writer.close()
        return turn

    async def _paced(self, line: Line, path: str) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await line.send(
            f"GET {path} HTTP/1.1\r\nHost: {self._address}\r\n"
            f"Authorization: token {self._user.token}\r\n\r\n".encode()
        )
        answer = await line.answer()
        took = loop.time() - started
        self.noticed.requests += 1
        self.noticed.slowest = max(self.noticed.slowest, took)
        if answer.status != 200:
            self.noticed.failed.append(f"{path}: status {answer.status}")
        await asyncio.sleep(max(0.0, CONNECTIONS / self._rate - took))

    async def _websocket(self) -> None:
        while not self._over.is_set():
            try:
                socket = await self._open()
            except (OSError, HTTPClientError) as error:
                self.noticed.failed.append(f"WebSocket: {error!r}")
                await asyncio.sleep(0.1)
                continue
            through = (socket.headers or {}).get("X-Through", "?")
            if not await self._chat(socket):
                if through == self.victim:
                    self.noticed.moved += 1
                else:
                    self.noticed.closed.append(f"through {through}")
            socket.close()

    async def _open(self) -> WebSocketClientConnection:
        ask = HTTPRequest(
            "ws" + self._user.channels.removeprefix("http"),
            headers={"Authorization": f"token {self._user.token}"},
            connect_timeout=PATIENCE,
            request_timeout=PATIENCE,
        )
        return await websocket_connect(ask)

    async def _chat(self, socket: WebSocketClientConnection) -> bool:
        """Whether the WebSocket stayed open until the end."""
        while not self._over.is_set():
            try:
                await asyncio.wait_for(ask_kernel(socket), PATIENCE)
            except (OSError, WebSocketClosedError, asyncio.TimeoutError):
                return False
            self.noticed.messages += 1
            await asyncio.sleep(1)
        return True


async def ask_kernel(socket: WebSocketClientConnection) -> None:
    asked = request("kernel_info_request", "load", {})
    await socket.write_message(json.dumps(asked))
    while True:
        text = await socket.read_message()
        if text is None:
            raise WebSocketClosedError
        message = json.loads(text)
        if message["header"]["msg_type"] == "kernel_info_reply":
            return
