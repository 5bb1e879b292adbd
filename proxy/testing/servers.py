"""The servers behind the proxy: they answer with who they are and what they saw.

Any path is echoed; paths that end in `-/…` do something more peculiar.
`python -m jupyterhub_suite.proxy.testing.servers` is such a server as a JupyterHub
spawner starts one.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import quote, urlsplit

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler

GIBIBYTE = 1024**3
PIECE = b"0123456789abcdef" * 4096


class Server:
    """A server, and the strings by which a test pulls it."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        # "Go on" for an answer that comes in pieces.
        self.go_on = asyncio.Event()
        # Something has arrived of a request that is still being sent.
        self.arriving = asyncio.Event()
        # A browser went away in the middle of an answer.
        self.left_alone = asyncio.Event()
        self.sockets: set[Socket] = set()
        listening = bind_sockets(port, "127.0.0.1")
        self.port: int = listening[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._http = HTTPServer(_application(self), max_body_size=GIBIBYTE)
        self._http.add_sockets(listening)

    async def stop(self) -> None:
        self.go_on.set()
        self._http.stop()
        for socket in list(self.sockets):
            socket.hang_up()
        await self._http.close_all_connections()


class Servers:
    """Starts servers on demand; one name is one server."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._running: dict[str, Server] = {}

    def __call__(self, name: str) -> Server:
        if name not in self._running:
            self._running[name] = server = Server(name)
            self._stack.push_async_callback(server.stop)
        return self._running[name]


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(stack)


class Handler(RequestHandler):
    def initialize(self, server: Server) -> None:
        self.server = server
        self.set_header("X-Answered-By", quote(server.name))

    def check_xsrf_cookie(self) -> None:
        """These servers have nothing to protect."""

    def on_connection_close(self) -> None:
        self.server.left_alone.set()


class Echo(Handler):
    """Say what arrived."""

    def answer(self) -> None:
        self.write(
            {
                "method": self.request.method,
                "uri": self.request.uri,
                "headers": dict(self.request.headers.get_all()),
                "length": len(self.request.body),
                "sha256": hashlib.sha256(self.request.body).hexdigest(),
            }
        )

    get = post = put = patch = delete = options = answer

    def head(self) -> None:
        self.set_header("Content-Length", "12345")


class Status(Handler):
    """The status that the path asks for."""

    def get(self, status: str) -> None:
        self.set_status(int(status))
        if int(status) in {301, 302, 307, 308}:
            self.set_header("Location", "/elsewhere?next=%2Fuser%2Fx")


class Cookies(Handler):
    def get(self) -> None:
        self.add_header("Set-Cookie", "one=1; Path=/user/alice/")
        self.add_header("Set-Cookie", "two=2; HttpOnly")


class Compressed(Handler):
    def get(self) -> None:
        self.set_header("Content-Encoding", "gzip")
        self.write(gzip.compress(PIECE, mtime=0))


class Pieces(Handler):
    """A first piece now, and the last one when the test says so."""

    content_type = "application/octet-stream"
    first, last = b"first", b"last"

    async def get(self) -> None:
        self.set_header("Content-Type", self.content_type)
        self.write(self.first)
        await self.flush()
        await self.server.go_on.wait()
        self.write(self.last)


class Events(Pieces):
    """Server-sent events, as JupyterHub's progress bar reads them."""

    content_type = "text/event-stream"
    first, last = b"data: first\n\n", b"data: last\n\n"


class Download(Handler):
    async def get(self, mebibytes: str) -> None:
        for _ in range(int(mebibytes) * 16):
            self.write(PIECE)
            await self.flush()


@stream_request_body
class Upload(Handler):
    """Read what comes, without keeping it."""

    def prepare(self) -> None:
        self.received = 0
        self.digest = hashlib.sha256()

    def data_received(self, chunk: bytes) -> None:
        self.received += len(chunk)
        self.digest.update(chunk)
        self.server.arriving.set()

    def post(self) -> None:
        self.write({"length": self.received, "sha256": self.digest.hexdigest()})

    put = post


class Socket(WebSocketHandler):
    """Say what is said; `close 4000 why` closes."""

    def initialize(self, server: Server) -> None:
        self.server = server
        self.closed = asyncio.Event()
        self.set_header("X-Answered-By", quote(server.name))

    def check_origin(self, origin: str) -> bool:
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[-1] if subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        self.server.sockets.add(self)

    async def on_message(self, message: str | bytes) -> None:
        if isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(maxsplit=2)
            self.close(int(code), reason)
        elif message == "who?":
            await self.write_message(self.server.name)
        elif message == "headers?":
            await self.write_message(dict(self.request.headers.get_all()))
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def hang_up(self) -> None:
        """Without the courtesy of a closing handshake, as a killed process does."""
        if self.ws_connection:
            self.ws_connection._abort()

    def on_close(self) -> None:
        self.server.sockets.discard(self)
        self.closed.set()


class ClosedSocket(Socket):
    """Refuses every WebSocket."""

    async def prepare(self) -> None:
        self.set_status(403)
        await self.finish("not you")


def _application(server: Server) -> Application:
    known = {"server": server}
    return Application(
        [
            (r".*/-/socket", Socket, known),
            (r".*/-/closed-socket", ClosedSocket, known),
            (r".*/-/status/(\d+)", Status, known),
            (r".*/-/cookies", Cookies, known),
            (r".*/-/compressed", Compressed, known),
            (r".*/-/pieces", Pieces, known),
            (r".*/-/events", Events, known),
            (r".*/-/download/(\d+)", Download, known),
            (r".*/-/upload", Upload, known),
            (r".*", Echo, known),
        ],
        websocket_max_message_size=64 * 1024**2,
    )


async def _serve_as_spawned() -> None:
    port = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).port
    Server(os.environ["JUPYTERHUB_USER"], port=port or 0)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve_as_spawned())
