"""The tornado application: body limit, request log, metrics, requests in flight."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest
from tornado.log import access_log
from tornado.web import Application, RequestHandler, StaticFileHandler

from .handlers import Health, Metrics, TooLarge
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

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        return LimitedRequest(
            super().find_handler(request, **kwargs),
            instead=self.get_handler_delegate(request, TooLarge),
            limit=self._body_limit,
            begin=self._begin,
        )

    def _begin(self) -> None:
        self._in_flight += 1
        self._idle.clear()

    def log_request(self, handler: RequestHandler) -> None:
        self._in_flight -= 1
        if not self._in_flight:
            self._idle.set()
        self._metrics.record(handler)
        log_request(handler)

    async def drain(self, seconds: float) -> bool:
        """Wait for the requests in flight; False if some are still not answered."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True


def log_request(handler: RequestHandler) -> None:
    """One line a request, without its query and headers: secrets travel in them."""
    request, status = handler.request, handler.get_status()
    user = getattr(handler, "current_user", None) or {}
    access_log.log(
        log_level(handler, status),
        "%d %s %s (%s@%s) %.1f ms",
        status,
        request.method,
        request.path,
        user.get("name", ""),
        request.remote_ip,
        1000 * request.request_time(),
    )


def log_level(handler: RequestHandler, status: int) -> int:
    """What probes and browsers ask for all day long is only for the curious."""
    if status >= 500:
        return logging.ERROR
    if status >= 400:
        return logging.WARNING
    routine = isinstance(handler, Health | Metrics | StaticFileHandler)
    return logging.DEBUG if routine else logging.INFO


class LimitedRequest(HTTPMessageDelegate):
    """Passes a request on, or answers it instead when its body is over the limit.

    A body that is too large is read to its end and forgotten: an answer before
    that is lost on its way through most proxies. Tornado's own limit, far above,
    cuts off those who never end.
    """

    def __init__(
        self,
        request: HTTPMessageDelegate,
        *,
        instead: HTTPMessageDelegate,
        limit: int,
        begin: Callable[[], None],
    ) -> None:
        self._request = request
        self._instead = instead
        self._left = limit
        self._begin = begin

    def headers_received(
        self, start_line: Any, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._start = (start_line, headers)
        return self._request.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._left -= len(chunk)
        return None if self._left < 0 else self._request.data_received(chunk)

    def finish(self) -> None:
        self._begin()
        if self._left < 0:
            self._instead.headers_received(*self._start)
            self._instead.finish()
        else:
            self._request.finish()

    def on_connection_close(self) -> None:
        self._request.on_connection_close()
