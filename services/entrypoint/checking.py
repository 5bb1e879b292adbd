"""Checks: run at most once a while, remembered for badges, repeated on a schedule."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping

from aiocache import SimpleMemoryCache

from ..errors import PublicError
from .model import Entrypoint
from .store import EntrypointStore
from .systems import System
from .types import EntrypointType, Typed
from .validators import BaseValidator, Verdict

log = logging.getLogger(__name__)

FAILED = "It could not be checked: this site's check failed. Its log says why."


class Checker:
    def __init__(
        self,
        store: EntrypointStore,
        validator: BaseValidator,
        systems: Mapping[str, System],
        *,
        ttl: float,
        concurrency: int,
        timeout: float,
    ) -> None:
        self._store = store
        self._validator = validator
        self._systems = systems
        self._cache = SimpleMemoryCache(ttl=ttl)
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout = timeout

    async def check(
        self, kind: EntrypointType, typed: Typed, user: str, system: str
    ) -> Verdict:
        """Look, or remember what was seen a moment ago."""
        key = json.dumps([kind.name, dict(typed), user, system], sort_keys=True)
        seen: Verdict | None = await self._cache.get(key)
        if seen is None:
            seen = await self._look(kind, typed, user, system)
            await self._cache.set(key, seen)
        return seen

    async def check_all(
        self, kind: EntrypointType, typed: Typed, user: str, systems: list[str]
    ) -> dict[str, Verdict]:
        verdicts = await asyncio.gather(
            *(self.check(kind, typed, user, system) for system in systems)
        )
        return dict(zip(systems, verdicts, strict=True))

    async def recheck(
        self, kind: EntrypointType, entrypoint: Entrypoint, user: str, system: str
    ) -> Verdict:
        """Look now, and remember the result for the badge."""
        verdict = await self._look(kind, entrypoint.typed, user, system)
        await self._store.record_check(user, entrypoint.id, system, verdict)
        return verdict

    async def _look(
        self, kind: EntrypointType, typed: Typed, user: str, system: str
    ) -> Verdict:
        hosts = self._systems[system].hostnames
        async with self._slots:
            try:
                return await asyncio.wait_for(
                    kind.validate(typed, user, hosts, self._validator), self._timeout
                )
            except asyncio.TimeoutError:
                return Verdict(False, "It could not be checked: no answer in time.")
            except PublicError as error:
                # An outage elsewhere says nothing of it, and stops nobody's start.
                away = error.status == 503
                return Verdict(None if away else False, error.message)
            except Exception:  # a site's own validator may raise anything
                log.exception("The validator of %r failed", kind)
                return Verdict(False, FAILED)
