"""Users who come and go, by the Hub's own API, whatever happens to the Hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import httpx

from tests.harness.hub import RealHub

AT_A_TIME = 20
PAUSE = 0.2


class Changes:
    """Of five users all come, and three go again: eight changes of routes."""

    def __init__(self, hub: RealHub, number: int) -> None:
        self._hub = hub
        coming = number * 5 // 8
        self.users = [f"visitor-{n}" for n in range(coming)]
        self.going = {name for n, name in enumerate(self.users) if n % 5 < 3}
        self.staying = [name for name in self.users if name not in self.going]
        self.number = len(self.users) + len(self.going)
        self.done = 0
        self.repeated = 0
        self.slowest = 0.0
        self._progress = asyncio.Condition()

    async def all(self) -> None:
        names = iter(self.users)
        async with self._client() as client:
            created = await client.post("/users", json={"usernames": self.users})
            created.raise_for_status()
            await asyncio.gather(
                *(self._worker(client, names) for _ in range(AT_A_TIME))
            )

    async def reached(self, share: float) -> None:
        """Wait until so much of the work is done."""
        async with self._progress:
            await self._progress.wait_for(lambda: self.done >= share * self.number)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._hub.api_url,
            headers={"Authorization": f"token {self._hub.token}"},
            timeout=90,
            trust_env=False,
        )

    async def _worker(self, client: httpx.AsyncClient, names: Iterator[str]) -> None:
        for name in names:
            await self._change(client, name, "POST", running=True)
            if name in self.going:
                await self._change(client, name, "DELETE", running=False)

    async def _change(
        self, client: httpx.AsyncClient, name: str, method: str, running: bool
    ) -> None:
        with self._timed():
            await self._ask(client, method, name)
            while await self._is_running(client, name) is not running:
                await asyncio.sleep(PAUSE)
                if not await self._is_pending(client, name):
                    self.repeated += 1
                    await self._ask(client, method, name)
        async with self._progress:
            self.done += 1
            self._progress.notify_all()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        clock = asyncio.get_running_loop().time
        started = clock()
        yield
        self.slowest = max(self.slowest, clock() - started)

    async def _ask(self, client: httpx.AsyncClient, method: str, name: str) -> None:
        # The Hub may be dead, dying or not yet up: what counts is what it says later.
        with suppress(httpx.TransportError):
            await client.request(method, f"/users/{name}/server")

    async def _is_running(self, client: httpx.AsyncClient, name: str) -> bool:
        server = await self._server(client, name)
        return bool(server.get("ready"))

    async def _is_pending(self, client: httpx.AsyncClient, name: str) -> bool:
        server = await self._server(client, name)
        return bool(server.get("pending"))

    async def _server(self, client: httpx.AsyncClient, name: str) -> dict[str, object]:
        while True:
            with suppress(httpx.TransportError):
                answer = await client.get(f"/users/{name}")
                if answer.status_code == 200:
                    return answer.json()["servers"].get("", {})
            await asyncio.sleep(PAUSE)


Event = Callable[[], Awaitable[None]]


async def meanwhile(changes: Changes, events: list[Event]) -> None:
    """Let the events happen one after the other while routes change."""
    work = asyncio.ensure_future(changes.all())
    try:
        for n, event in enumerate(events, 1):
            await changes.reached(n / (len(events) + 1))
            await event()
        await work
    finally:
        work.cancel()
