"""Runs each check when it is due, once among all replicas."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from .checks.base import Check, Site
from .model import Result
from .runner import run_check
from .schedule import LEASE, Slot, can_run, next_time, pause
from .store import Store

# How long another replica's, or an administrator's, wish may go unseen.
LOOK = 2.0


class StoredMemo:
    """A check's memo, in the database."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    async def read(self) -> dict[str, Any]:
        return await self._store.read_memo(self._name)

    async def write(self, note: dict[str, Any]) -> None:
        await self._store.write_memo(self._name, note)


class Scheduler:
    def __init__(
        self,
        checks: Mapping[str, Check],
        store: Store,
        site: Callable[[str], Site],
        record: Callable[[Result], Awaitable[None]],
        holder: str,
        log: logging.Logger,
    ) -> None:
        self._checks = checks
        self._store = store
        self._site = site
        self._record = record
        self._holder = holder
        self._log = log
        self._running: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; runs under way then clean up and give up their lease."""
        try:
            while True:
                self._woken.clear()
                await self._wait(await self._look())
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    async def _look(self) -> float:
        """Start what is due; how long to wait until the next look."""
        try:
            slots = [s for s in await self._store.slots() if s.name in self._checks]
            for slot in slots:
                await self._start(slot)
            return pause(slots, time.time(), LOOK)
        except (SQLAlchemyError, OSError) as error:
            # It is back in a moment, or the page says that results are too old.
            self._log.error("The database cannot be used: %s", type(error).__name__)
            return LOOK

    async def _start(self, slot: Slot) -> None:
        now = time.time()
        if slot.name in self._running or not can_run(slot, now):
            return
        if await self._store.claim(slot, self._holder, now):
            task = asyncio.create_task(self._run(self._checks[slot.name]))
            self._running[slot.name] = task
            task.add_done_callback(lambda _: self._ended(slot.name))

    def _ended(self, name: str) -> None:
        self._running.pop(name, None)
        self._woken.set()

    async def _run(self, check: Check) -> None:
        """Run a check while the lease is ours, and keep what it found."""
        started = time.time()
        run = asyncio.create_task(run_check(check, self._site(check.name), self._log))
        keep = asyncio.create_task(self._keep(check.name, run))
        try:
            result = await run
            self._log.info("%s: %s: %s", check.name, result.code.name, result.msg)
            await self._record(result)
        except asyncio.CancelledError:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            # Ended with us: whoever comes next begins anew.
            started = -check.interval
        except (SQLAlchemyError, OSError) as error:
            self._log.error("A result of %s is lost: %s", check.name, error)
        finally:
            keep.cancel()
            await asyncio.gather(keep, return_exceptions=True)
            following = next_time(started, check.interval)
            await self._store.release(check.name, self._holder, following)

    async def _keep(self, name: str, run: asyncio.Task[Result]) -> None:
        """Renew the lease; a run whose lease somebody else took is given up."""
        while True:
            await asyncio.sleep(LEASE / 3)
            try:
                ours = await self._store.renew(name, self._holder, time.time())
            except (SQLAlchemyError, OSError):
                continue
            if not ours:
                self._log.warning("%s was taken over by another replica", name)
                run.cancel()
                return
