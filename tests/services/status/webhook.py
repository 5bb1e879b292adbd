"""A webhook of our own, and an outbox at work."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from jupyterhub_suite.services.status.outbox import Outbox


@dataclass
class Hook:
    """Refuses until it is told to take."""

    origin: str
    status: int = 500
    asked: int = 0
    taken: list[bytes] = field(default_factory=list)
    #: What was asked for: a whole URL where we are somebody's proxy.
    targets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/s3cret"


@contextmanager
def webhook(tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.asked += 1
            hook.targets.append(self.path)
            if hook.status == 200:
                hook.taken.append(body)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    hook = Hook(f"{scheme}://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def delivering(outbox: Outbox) -> Iterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
