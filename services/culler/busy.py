"""Asks a server's own API what it is busy with, through the proxy.

Activity that the Hub sees is that of browsers. A kernel may compute for a night
with nobody watching: `busy_hold` of its rule says how long it may.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx

from .server import Server


class BusyProbe:
    """Every failure reads as "not busy": a server that cannot answer is no reason."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        tls: ssl.SSLContext | None = None,
        concurrency: int = 10,
        timeout: float = 5,
    ) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"token {token}"},
            timeout=timeout,
            verify=tls or True,
            trust_env=False,
        )
        self.failures = 0

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, server: Server) -> str | None:
        """Few words on what it is busy with, or None."""
        try:
            async with self._slots:
                kernels = await self._get(server, "api/kernels")
                terminals = await self._get(server, "api/terminals")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            self.failures += 1
            return None
        return describe(kernels, terminals)

    async def _get(self, server: Server, path: str) -> Any:
        response = await self._http.get(server.url.rstrip("/") + "/" + path)
        if response.status_code == 404:
            return []  # a server without terminals, or not a Jupyter server
        response.raise_for_status()
        return response.json()


def describe(kernels: Any, terminals: Any) -> str | None:
    """What a server's own answers mean; strange ones mean nothing."""
    kernels = [k for k in as_list(kernels) if isinstance(k, dict)]
    busy = sum(kernel.get("execution_state") == "busy" for kernel in kernels)
    connected = sum(bool(kernel.get("connections")) for kernel in kernels)
    parts = [
        (busy, "busy kernel"),
        (connected, "connected kernel"),
        (len(as_list(terminals)), "terminal"),
    ]
    said = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in parts if n]
    return ", ".join(said) or None


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
