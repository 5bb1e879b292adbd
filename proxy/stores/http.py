"""Routes in the Hub's own process: every Traefik polls an endpoint for them.

Several replicas without any store. A poll is held until there is something new, so
that a change arrives at once and an idle Hub is asked once in half a minute. Traefik
asks again over the connection on which it has its answer, so a connection says what
its replica already knows. While the Hub is away, replicas go on with what they have.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ssl
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from ..errors import BadSetting, StoreRefused
from .document import DocumentStore

HOLD = 25.0
"""Seconds to hold a poll at most: well within Traefik's `pollTimeout`."""

PATH = "/routes"


class HttpStore(DocumentStore):
    """Serves the document to whoever shows the token."""

    provider = "http"

    def __init__(
        self,
        bind_url: str,
        connect_url: str,
        token: str,
        *,
        certificate: str = "",
        key: str = "",
        ca: str = "",
        hold: float = HOLD,
    ) -> None:
        super().__init__()
        self.bind_url = bind_url
        self.connect_url = (connect_url or bind_url).rstrip("/")
        self.hold = hold
        self._token = token
        self._certificate = (certificate, key)
        self._ca = ca
        self._server: HTTPServer | None = None
        self._document = b""
        self._version = 0
        self._news = asyncio.Event()
        self._known: WeakKeyDictionary[IOStream, int] = WeakKeyDictionary()
        """The version that was last sent over each connection."""

    def static(self) -> dict[str, Any]:
        http: dict[str, Any] = {
            "endpoint": self.connect_url + PATH,
            "pollInterval": "20ms",
            "pollTimeout": f"{int(self.hold) + 15}s",
            "headers": {"Authorization": f"Bearer {self._token}"},
        }
        if self.connect_url.startswith("https:") and self._ca:
            http["tls"] = {"ca": self._ca}
        return {"http": http}

    async def open(self) -> None:
        if self._server:
            return
        parts = urlsplit(self.bind_url)
        try:
            sockets = bind_sockets(parts.port or 80, parts.hostname)
        except OSError as e:
            raise StoreRefused(
                f"cannot listen on http_provider_url = {self.bind_url!r}: {e.strerror}"
            ) from None
        application = Application([(PATH, Poll, {"store": self})], log_function=_silent)
        self._server = HTTPServer(application, ssl_options=self._ssl())
        self._server.add_sockets(sockets)

    def _ssl(self) -> ssl.SSLContext | None:
        if urlsplit(self.bind_url).scheme != "https":
            return None
        certificate, key = self._certificate
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(certificate, key or None)
        except (OSError, ssl.SSLError) as e:
            raise BadSetting(f"cannot use the certificate {certificate}: {e}") from None
        return context

    async def publish(self, text: str) -> None:
        self._document = text.encode()
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def close(self) -> None:
        self._news.set()
        if self._server:
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None

    def knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), f"Bearer {self._token}".encode())

    async def news(self, connection: IOStream) -> bytes:
        """The document, once it is not what this connection was sent last."""
        if self._known.get(connection) == self._version:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), self.hold)
        self._known[connection] = self._version
        return self._document


class Poll(RequestHandler):
    """A Traefik that asks for its routes."""

    def initialize(self, store: HttpStore) -> None:
        self.store = store

    async def get(self) -> None:
        if not self.store.knows(self.request.headers.get("Authorization", "")):
            self.set_status(401)
            return
        connection: Any = self.request.connection
        document = await self.store.news(connection.stream)
        self.set_header("Content-Type", "application/json")
        self.set_status(200 if document else 503)
        self.write(document)

    def compute_etag(self) -> None:
        """Not worth a hash of the whole table: Traefik does not ask for it."""


def _silent(handler: RequestHandler) -> None:
    """Polls are no news for the Hub's log."""
