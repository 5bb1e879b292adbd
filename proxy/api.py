"""Traefik's API: is it up, which generation has it loaded, what does it measure.

A replica is one Traefik. Where there are several, a change counts as loaded when all
have loaded it; one that does not answer is reported and not waited for, as long as
another does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Literal

import httpx

from . import traefik
from .errors import (
    NotConfirmed,
    TraefikError,
    TraefikRefused,
    TraefikUnavailable,
    without_secrets,
)
from .generation import reached
from .metrics import ProxyMetrics

Outcome = Literal["loaded", "down", "late"]

SOONEST = 0.004
"""Seconds between two looks at least: a look costs both sides a millisecond."""


class Replica:
    """One Traefik, as its API shows it."""

    def __init__(self, url: str, client: httpx.AsyncClient, middleware: str) -> None:
        self.url = without_secrets(url)
        self.outcome: Outcome = "loaded"
        self.problem = ""
        self._client = client
        self._base = url.rstrip("/").removesuffix("/api")
        self._mark_path = f"/api/http/middlewares/{middleware}"
        self._expected = 0.0

    async def answers(self) -> httpx.Response:
        return await self._ask("/api/version")

    async def _ask(self, path: str) -> httpx.Response:
        try:
            return await self._client.get(self._base + path)
        except httpx.HTTPError as e:
            reason = str(e) or type(e).__name__
            raise TraefikUnavailable(
                f"Traefik's API at {self.url} does not answer: {reason}"
            ) from None

    async def get(self, path: str) -> httpx.Response:
        response = await self._ask(path)
        if response.status_code in (401, 403):
            raise TraefikRefused(
                f"Traefik's API at {self.url} refuses traefik_api_username and "
                "traefik_api_password"
            )
        return response

    async def json(self, path: str) -> Any:
        response = await self.get(path)
        if response.status_code != 200:
            raise TraefikUnavailable(
                f"Traefik's API at {self.url} answers {response.status_code} at {path}"
            )
        return response.json()

    async def release(self) -> tuple[int, ...]:
        return traefik.release(str((await self.json("/api/version"))["Version"]))

    async def mark(self) -> str:
        """The mark of the generation that is loaded; none if there is none yet."""
        response = await self.get(self._mark_path)
        if response.status_code != 200:
            return ""
        return traefik.mark_of(response.json())

    async def follow(self, mark: str, deadline: float) -> Outcome:
        """Watch until a generation is loaded, looking most when it is most likely."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        patience = deadline if self.outcome == "loaded" else start
        await asyncio.sleep(self._expected / 2)
        while True:
            try:
                seen = await self.mark()
            except TraefikUnavailable as e:
                self.problem = str(e)
                return "down"
            except TraefikRefused as e:
                self.problem = str(e)
            else:
                self.problem = f"Traefik at {self.url} has not loaded the change"
                if reached(mark, seen):
                    self._expected = loop.time() - start
                    return "loaded"
            if loop.time() >= patience:
                self._expected = 0
                return "late"
            waited = loop.time() - start
            await asyncio.sleep(max(SOONEST, min(waited / 8, 0.25)))


class Replicas:
    """All Traefiks that serve the Hub."""

    def __init__(
        self, replicas: Sequence[Replica], *, log: logging.Logger, metrics: ProxyMetrics
    ) -> None:
        self.replicas = replicas
        self.log = log
        self.metrics = metrics

    async def wait_up(self) -> None:
        """Return when an API answers, whatever it says."""
        while True:
            for replica in self.replicas:
                with contextlib.suppress(TraefikUnavailable):
                    await replica.answers()
                    return
            await asyncio.sleep(0.02)

    async def confirm(self, mark: str, timeout: float) -> None:
        """Return when every Traefik that answers has loaded a generation.

        One that was left behind before gets a look, but nobody waits for it.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        behind = {r.url for r in self.replicas if r.outcome != "loaded"}
        while "loaded" not in await self._look(mark, deadline):
            if loop.time() >= deadline:
                raise self._not_confirmed(self.replicas, timeout)
            await asyncio.sleep(0.05)
        late = [r for r in self.replicas if r.outcome == "late" and r.url not in behind]
        if late:
            raise self._not_confirmed(late, timeout)

    async def _look(self, mark: str, deadline: float) -> list[Outcome]:
        """Follow all replicas at once, and say whose state has changed."""
        start = asyncio.get_running_loop().time()
        outcomes = await asyncio.gather(
            *(replica.follow(mark, deadline) for replica in self.replicas)
        )
        for replica, outcome in zip(self.replicas, outcomes, strict=True):
            if outcome == "loaded":
                seconds = asyncio.get_running_loop().time() - start
                self.metrics.confirmed(replica.url, seconds)
            if outcome != replica.outcome:
                self._report(replica, outcome)
            replica.outcome = outcome
        return outcomes

    def _report(self, replica: Replica, outcome: Outcome) -> None:
        self.metrics.replica(replica.url, outcome == "loaded")
        if outcome == "loaded":
            self.log.info("Traefik at %s has all routes again", replica.url)
        else:
            self.log.warning("%s", replica.problem)

    def _not_confirmed(self, late: Sequence[Replica], timeout: float) -> TraefikError:
        problems = "; ".join(replica.problem for replica in late)
        return NotConfirmed(f"{problems} (waited {timeout:g} s)")
