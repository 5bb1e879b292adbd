"""When each server was last used, as Traefik's own metrics tell.

Traefik counts the requests to each service. Whatever a count has grown by since the
last look was activity, on whichever replica it was. A request counts when it ends, and
a WebSocket when it closes; while it is open, the kernel knows when data last went over
a connection of a Traefik on this machine. Of a Traefik elsewhere nobody can tell: there,
as everywhere, JupyterHub's single-user servers report their activity themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone

from . import sockets
from .api import Replica
from .errors import TraefikError
from .repeated import Repeated

_COUNT = re.compile(
    r'^traefik_service_requests_total\{[^}]*service="([^"@]+)@[^"]*"[^}]*\} (\S+)$',
    re.MULTILINE,
)


def requests_by_service(metrics: str) -> dict[str, float]:
    """The requests to each service, whatever their status and method."""
    totals: dict[str, float] = {}
    for service, count in _COUNT.findall(metrics):
        totals[service] = totals.get(service, 0) + float(count)
    return totals


class Activity(Repeated):
    """The time of the last request to each service."""

    def __init__(
        self,
        replicas: Iterable[Replica],
        *,
        log: logging.Logger,
        interval: float,
        near: Callable[[], Mapping[str, str]],
    ) -> None:
        super().__init__(interval=interval, log=log)
        self.replicas = list(replicas)
        self.near = near
        """The services that a Traefik on this machine serves, and their URLs."""
        self.last: dict[str, datetime] = {}
        self._counts: dict[str, dict[str, float]] = {}

    async def once(self) -> None:
        """Note what was used since the last look; a replica that is down says nothing."""
        for replica in self.replicas:
            with contextlib.suppress(TraefikError):
                response = await replica.get("/metrics")
                counts = await asyncio.to_thread(requests_by_service, response.text)
                self._note((name, 0) for name in self._grown(replica, counts))
                self._counts[replica.url] = counts
        if near := self.near():
            silence = await asyncio.to_thread(sockets.silence, near)
            self._note(silence.items())

    def _note(self, silence: Iterable[tuple[str, float]]) -> None:
        now = datetime.now(timezone.utc)
        for name, seconds in silence:
            when = now - timedelta(seconds=seconds)
            self.last[name] = max(when, self.last.get(name, when))

    def _grown(self, replica: Replica, counts: dict[str, float]) -> Iterator[str]:
        """Services with another count than before: also lower, after a restart."""
        before = self._counts.get(replica.url)
        if before is None:
            return  # what happened before our first look, happened at no known time
        for service, count in counts.items():
            if count != before.get(service, 0):
                yield service

    def of(self, service: str) -> str | None:
        """In the shape in which CHP says it."""
        when = self.last.get(service)
        return f"{when:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if when else None
