"""Group commit: many changes -> one write -> one confirmation.

Changes gather while the write before them is under way. Then all that have gathered
become one write, which every Traefik confirms by its generation, and all who asked
are told together. So a thousand routes at once take a handful of writes.

A store that goes away makes changes wait, not fail: they are tried again, and whoever
has waited longer than the timeout is told. What was asked for but did not happen is
taken back if it was a route to add, and tried on if it was one to delete.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from . import traefik
from .entries import Change, Path, difference
from .errors import ProxyError, StoreRefused, StoreUnavailable
from .generation import Generations
from .metrics import ProxyMetrics
from .routes import Address, Route
from .stores.base import Store
from .table import Table

Wishes = Mapping[Address, Route | None]
"""A route to set at each address, or None to remove it."""

Confirm = Callable[[str, float], Awaitable[None]]
"""Returns when every Traefik shows a mark; raises after so many seconds."""


@dataclass
class Waiter:
    """Somebody who asked for changes and waits for them."""

    done: asyncio.Future[None]
    deadline: float


class Writer:
    """Keeps the store equal to the table, and tells who waits for it."""

    def __init__(
        self,
        table: Table,
        store: Store,
        confirm: Confirm,
        *,
        log: logging.Logger,
        metrics: ProxyMetrics,
        timeout: float = 30,
        again: float = 5,
        retry: tuple[float, float] = (0.1, 5),
    ) -> None:
        self.table = table
        self.store = store
        self.confirm = confirm
        self.log = log
        self.metrics = metrics
        self.timeout = timeout
        self.again = again
        self.retry = retry
        self.generations = Generations()
        self.seal: Path = ("http", "middlewares", table.naming.of("generation"))
        self._wishes: dict[Address, Route | None] = {}
        self._waiters: list[Waiter] = []
        self._task: asyncio.Task[None] | None = None
        self._doubt = True
        """Whether the store may hold something else than we think."""

    def wanted(self, address: Address) -> Route | None:
        """The route at an address as it shall be, written or not."""
        if address in self._wishes:
            return self._wishes[address]
        return self.table.routes.get(address)

    async def submit(self, wishes: Wishes) -> None:
        """Return when every Traefik has loaded these changes."""
        if not self.busy and all(self.wanted(a) == r for a, r in wishes.items()):
            return
        before = {address: self.wanted(address) for address in wishes}
        self._wishes.update(wishes)
        try:
            await self._written()
        except ProxyError:
            self._take_back(wishes, before)
            raise

    async def prepare(self) -> None:
        """Write the table without waiting for a Traefik to load it."""
        await self._write(Change())

    async def reconcile(self) -> None:
        """Compare the store with the table, mend it, and see it confirmed."""
        self._doubt = True
        await self._written()

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def busy(self) -> bool:
        return self._doubt or (self._task is not None and not self._task.done())

    async def _written(self) -> None:
        loop = asyncio.get_running_loop()
        waiter = Waiter(loop.create_future(), loop.time() + self.timeout)
        self._waiters.append(waiter)
        self._wake()
        await waiter.done

    def _wake(self) -> None:
        self.metrics.waiting(len(self._wishes))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def _take_back(self, wishes: Wishes, before: Wishes) -> None:
        for address, route in wishes.items():
            if route is not None and self.wanted(address) == route:
                self._wishes[address] = before[address]
        if self._wishes:
            self._wake()

    async def _run(self) -> None:
        pause, longest = self.retry
        while self._wishes or self._waiters or self._doubt:
            wishes, self._wishes = self._wishes, {}
            waiters, self._waiters = self._waiters, []
            change = self.table.update(wishes)
            self.metrics.batch(len(wishes))
            try:
                if change or self._doubt:
                    await self._see_confirmed(await self._write(change))
            except StoreUnavailable as e:
                self._waiters = self._expire(waiters, e) + self._waiters
                self.log.warning("Routes wait for their store: %s", e)
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
            except StoreRefused as e:
                self._tell(waiters, e)
                self.log.error("Routes cannot be stored: %s", e)
                await asyncio.sleep(longest)
            except ProxyError as e:
                self._doubt = True
                self._tell(waiters, e)
                self.log.error("Routes are not in effect: %s", e)
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
            except BaseException as e:
                self._tell(waiters, e)
                raise
            else:
                self._tell(waiters)
                pause = self.retry[0]

    async def _write(self, change: Change) -> str:
        """Write a change, or whatever else makes the store right; return the mark."""
        # Until all of it is written, since a store may go away at any point.
        doubt, self._doubt = self._doubt, True
        if doubt or not await self._kept():
            change = await self._mending(change)
        mark = self.generations.next()
        change.seal = {self.seal: traefik.generation(mark)}
        await self.store.write(change)
        self._doubt = False
        return mark

    async def _see_confirmed(self, mark: str) -> None:
        """Wait until every Traefik has loaded a write.

        The store may lose it meanwhile, or Traefik the news of it, so whatever is
        missing is written again; a later mark confirms all that came before.
        """
        confirmed = asyncio.ensure_future(self.confirm(mark, self.timeout))
        try:
            while not (await asyncio.wait({confirmed}, timeout=self.again))[0]:
                self.log.info("Some Traefik has not loaded the last change yet")
                await self._write(Change())
            await confirmed
        finally:
            confirmed.cancel()
            await asyncio.gather(confirmed, return_exceptions=True)

    async def _kept(self) -> bool:
        """Whether the store has what we wrote last: an emptied one would get no more
        than this change, and every Traefik would forget all other routes."""
        seal = await self.store.peek(self.seal)
        held = traefik.mark_of(seal) if isinstance(seal, Mapping) else ""
        return held == self.generations.current

    async def _mending(self, change: Change) -> Change:
        found = await self.store.load()
        ours = self.table.naming.owns
        mend = difference(
            {p: e for p, e in found.items() if p != self.seal}, self.table.entries, ours
        )
        repairs = len(mend.put.keys() - change.put.keys())
        repairs += len(set(mend.remove) - set(change.remove))
        self.metrics.repaired(repairs)
        return mend

    def _expire(self, waiters: list[Waiter], error: ProxyError) -> list[Waiter]:
        now = asyncio.get_running_loop().time()
        self._tell([w for w in waiters if w.deadline <= now], error)
        return [w for w in waiters if w.deadline > now]

    def _tell(self, waiters: list[Waiter], error: BaseException | None = None) -> None:
        for waiter in waiters:
            if waiter.done.done():
                continue
            if error is None:
                waiter.done.set_result(None)
            elif isinstance(error, Exception):
                waiter.done.set_exception(error)
            else:
                waiter.done.cancel()
