"""The tornado application: body limit, request log, metrics, requests in flight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

from jupyterhub.log import log_request
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornado.web import Application, RequestHandler

from .errors import PublicError
from .handlers import error_body
from .metrics import RequestMetrics


class ServiceApplication(Application):
    def __init__(
        self,
        routes: list[Any],
        metrics: RequestMetrics,
        body_limit: int,
        **settings: Any,
    ) -> None:
        super().__init__(routes, **settings)
        self._metrics = metrics
        self._body_limit = body_limit
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        request = super().start_request(server_conn, request_conn)
        return LimitedRequest(request, request_conn, self._body_limit)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        self._in_flight += 1
        self._idle.clear()
        return super().find_handler(request, **kwargs)

    def log_request(self, handler: RequestHandler) -> None:
        self._in_flight -= 1
        if not self._in_flight:
            self._idle.set()
        self._metrics.record(handler)
        # The Hub's own log line: secrets in queries and headers are left out.
        log_request(handler)

    async def drain(self, seconds: float) -> bool:
        """Wait for the requests in flight; False if some are still not answered."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True


class LimitedRequest(HTTPMessageDelegate):
    """Passes a request on, and answers 413 as soon as its body is over the limit.

    Tornado's own limit answers 400, without a body.
    """

    def __init__(
        self, request: HTTPMessageDelegate, connection: HTTPConnection, limit: int
    ) -> None:
        self._request = request
        self._connection = connection
        self._limit = self._left = limit
        self._refused = False

    def headers_received(
        self, start_line: Any, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        announced = headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > self._limit:
            self._refuse()
            return None
        return self._request.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._left -= len(chunk)
        if self._left < 0:
            self._refuse()
            return None
        return self._request.data_received(chunk)

    def finish(self) -> None:
        if not self._refused:
            self._request.finish()

    def on_connection_close(self) -> None:
        if not self._refused:
            self._request.on_connection_close()

    def _refuse(self) -> None:
        if self._refused:
            return
        self._refused = True
        message = f"The body is larger than {self._limit} bytes."
        body = json.dumps({"error": error_body(PublicError(413, message))}).encode()
        headers = HTTPHeaders(
            {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
        )
        line = ResponseStartLine("HTTP/1.1", 413, "Content Too Large")
        self._connection.write_headers(line, headers, body)
        # What is still on its way is thrown away, and the connection closed.
        self._connection.finish()
