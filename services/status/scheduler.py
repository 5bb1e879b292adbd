"""Runs each check when it is due, once among all replicas."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from .checks.base import Check, Site
from .lease import Lease
from .model import Result
from .runner import run_check
from .schedule import Slot, can_run, next_time, pause
from .store import Store

# How long another replica's, or an administrator's, wish may go unseen.
LOOK = 2.0
# When a run began that has to begin anew.
AT_ONCE = 0.0


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
            await ended(*self._running.values())

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
        lease = Lease(self._store, slot.name, self._holder)
        if await self._store.claim(slot, self._holder, now):
            task = asyncio.create_task(self._run(self._checks[slot.name], lease))
            self._running[slot.name] = task
            task.add_done_callback(lambda _: self._ended(slot.name))

    def _ended(self, name: str) -> None:
        self._running.pop(name, None)
        self._woken.set()

    async def _run(self, check: Check, lease: Lease) -> None:
        """Run a check while the lease is ours, and keep what it found."""
        started = time.time()
        run = asyncio.create_task(
            run_check(check, self._site(check.name), self._log, lambda: lease.is_ours)
        )
        keep = asyncio.create_task(lease.keep())
        try:
            await asyncio.wait({run, keep}, return_when=asyncio.FIRST_COMPLETED)
            if not await self._finish(run, lease):
                self._log.warning(
                    "A run of %s was given up: it is not ours any more", check.name
                )
                started = AT_ONCE
        except asyncio.CancelledError:
            # Ended with us: whoever comes next begins anew.
            started = AT_ONCE
        except (SQLAlchemyError, OSError) as error:
            self._log.error("A result of %s is lost: %s", check.name, error)
        finally:
            # Kept until all is cleaned up.
            await ended(run)
            await ended(keep)
            await self._release(check.name, next_time(started, check.interval))

    async def _release(self, name: str, next_run: float) -> None:
        try:
            await self._store.release(name, self._holder, next_run)
        except (SQLAlchemyError, OSError) as error:
            # The lease ends by itself.
            self._log.error("The database cannot be used: %s", type(error).__name__)

    async def _finish(self, run: asyncio.Task[Result], lease: Lease) -> bool:
        """Keep the result of a run that was ours to its end."""
        if not (run.done() and await lease.renew()):
            return False
        result = run.result()
        self._log.info("%s: %s: %s", result.check, result.code.name, result.msg)
        await self._record(result)
        return True


async def ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
