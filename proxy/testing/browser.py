"""The browser in front of the proxy. It sends paths exactly as it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

GIBIBYTE = 1024**3
AT_A_TIME = 100

Body = Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPHeaders
    body: bytes

    @property
    def by(self) -> str | None:
        """The name of the server that answered; None if it was none of ours."""
        name: str | None = self.headers.get("X-Answered-By")
        return name and unquote(name)

    @property
    def seen(self) -> dict[str, Any]:
        """What the server says that it saw."""
        return json.loads(self.body)


class Browser:
    def __init__(self, url: str, patience: float, host: str = "") -> None:
        self.url = url.rstrip("/")
        self.patience = patience
        self._host = {"Host": host} if host else {}
        self._http = SimpleAsyncHTTPClient(
            force_instance=True, max_clients=AT_A_TIME, max_body_size=GIBIBYTE
        )

    def on(self, host: str) -> Browser:
        """The same browser with another name in its address bar."""
        return Browser(self.url, self.patience, host)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def who(self, path: str, **options: Any) -> str | None:
        """The name of the server that answers under `path`."""
        return (await self.get(path, **options)).by

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        upload: Body | None = None,
        listen: Callable[[bytes], None] | None = None,
        patience: float | None = None,
    ) -> Answer:
        request = HTTPRequest(
            f"{self.url}{path}",
            method,
            headers=HTTPHeaders({**self._host, **(headers or {})}),
            body=body,
            body_producer=upload,  # type: ignore[arg-type]  # a coroutine will do
            streaming_callback=listen,
            connect_timeout=self.patience,
            request_timeout=patience or self.patience,
            follow_redirects=False,
            decompress_response=False,
            allow_nonstandard_methods=True,
        )
        response = await self._http.fetch(request, raise_error=False)
        # 599 is the client's own: no answer came. Raise what happened instead.
        if response.code == 599:
            response.rethrow()
        return Answer(response.code, response.headers, response.body or b"")

    @asynccontextmanager
    async def socket(
        self,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        subprotocols: list[str] | None = None,
    ) -> AsyncIterator[WebSocketClientConnection]:
        request = HTTPRequest(
            f"ws{self.url.removeprefix('http')}{path}",
            headers=HTTPHeaders({**self._host, **(headers or {})}),
            connect_timeout=self.patience,
            request_timeout=self.patience,
        )
        connection = await asyncio.wait_for(
            websocket_connect(
                request,
                subprotocols=subprotocols,
                max_message_size=64 * 1024**2,
            ),
            self.patience,
        )
        try:
            yield connection
        finally:
            connection.close()

    async def say(
        self, socket: WebSocketClientConnection, message: str | bytes
    ) -> str | bytes | None:
        """What the server answers; None if it has hung up."""
        await socket.write_message(message, binary=isinstance(message, bytes))
        return await asyncio.wait_for(socket.read_message(), self.patience)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A bare connection, for what no well-behaved client does."""
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            yield Line(reader, writer, where.netloc, self.patience)
        finally:
            writer.close()


class Line:
    """One connection that stays open from request to request."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: str,
        patience: float,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._host, self._patience = host, patience

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def get(self, path: str) -> Answer:
        await self.send(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        return await self.answer()

    async def headers(self) -> bytes:
        """Read no further than to where the answer's body begins."""
        return await asyncio.wait_for(
            self._reader.readuntil(b"\r\n\r\n"), self._patience
        )

    async def answer(self) -> Answer:
        first, _, rest = (await self.headers()).decode("latin-1").partition("\r\n")
        headers = HTTPHeaders.parse(rest)
        length = int(headers.get("Content-Length", "0"))
        body = await asyncio.wait_for(self._reader.readexactly(length), self._patience)
        return Answer(int(first.split()[1]), headers, body)
