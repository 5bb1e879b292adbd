"""The patrol: looks every few seconds whether everything is still as it was left.

A Redis that came back empty, a Traefik that came back with an old table, an event that
got lost, a certificate that was renewed: each is noticed here and mended by the writer,
so that nobody has to wait for the Hub's own check every few minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from . import traefik
from .api import Replicas
from .errors import ProxyError, StoreUnavailable, TraefikError
from .generation import reached
from .repeated import Repeated
from .writer import Writer


class Patrol(Repeated):
    """Runs until it is stopped; one look costs a read and a request to each replica."""

    def __init__(
        self,
        writer: Writer,
        replicas: Replicas,
        *,
        log: logging.Logger,
        interval: float,
        certificates: Iterable[str] = (),
    ) -> None:
        super().__init__(interval=interval, log=log)
        self.writer = writer
        self.replicas = replicas
        self.certificates = [Path(path) for path in certificates if path]
        self._stamps = self._look_at_certificates()

    async def once(self) -> None:
        try:
            if reason := await self.look():
                self.log.warning("Writing all routes again: %s", reason)
                await self.writer.reconcile()
        except ProxyError as e:
            self.log.warning("%s", e)

    async def look(self) -> str:
        """Why everything should be written again; nothing if all is well."""
        if self.writer.busy:
            return ""  # it will find out by itself
        mark = self.writer.generations.current
        stamps, self._stamps = self._stamps, self._look_at_certificates()
        if stamps != self._stamps:
            return "the certificate has changed"
        if not await self._stored(mark):
            return "the store does not hold what was written last"
        if not self.writer.busy and await self._behind(mark):
            return "a Traefik has another table"
        return ""

    async def _stored(self, mark: str) -> bool:
        try:
            seal = await self.writer.store.peek(self.writer.seal)
        except StoreUnavailable as e:
            self.log.warning("%s", e)
            return True  # not there to be mended
        held = traefik.mark_of(seal) if isinstance(seal, dict) else ""
        return self.writer.busy or reached(mark, held)

    async def _behind(self, mark: str) -> bool:
        """Whether a replica answers, and shows something else than it should."""
        behind = False
        for replica in self.replicas.replicas:
            try:
                behind |= not reached(mark, await replica.mark())
            except TraefikError:
                continue  # the writer reports those that are down
        return behind

    def _look_at_certificates(self) -> list[int]:
        return [p.stat().st_mtime_ns if p.exists() else 0 for p in self.certificates]
