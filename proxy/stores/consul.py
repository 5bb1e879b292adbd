"""Routes in Consul's key-value store, through its HTTP API.

A transaction holds 64 operations, so that a large change takes several, in order, the
generation last. Consul's keys must not begin with a slash.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from ..errors import StoreRefused, StoreUnavailable, login_in, without_secrets
from .keyvalue import KeyValueStore, Pass, Roots
from .tls import ClientTls

OPERATIONS = 64


class ConsulStore(KeyValueStore):
    """One Consul agent, with a token if it wants one."""

    provider = "consul"

    def __init__(
        self,
        roots: Roots,
        url: str,
        *,
        token: str = "",
        username: str = "",
        password: str = "",
        tls: ClientTls | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(roots)
        login = login_in(url)
        username, password = username or login[0], password or login[1]
        self.url = without_secrets(url).rstrip("/")
        self.tls = tls or ClientTls()
        self._shown = without_secrets(url)
        options = dict(options or {})
        for name in ("token", "dc", "datacenter", "namespace"):
            value = options.pop(name, "")
            token = value if name == "token" and value else token
        self._client = httpx.AsyncClient(
            **{
                "base_url": self.url,
                "headers": {"X-Consul-Token": token} if token else {},
                "auth": (username, password) if username else None,
                "timeout": httpx.Timeout(10, connect=3),
                "trust_env": False,
                "verify": self.tls.context() or True,
                **options,
            }
        )

    def static(self) -> dict[str, Any]:
        consul: dict[str, Any] = {
            "endpoints": [urlsplit(self.url).netloc],
            "rootKey": self.roots.traefik,
        }
        if self.url.startswith("https:"):
            consul["tls"] = self.tls.static()
        return {"consul": consul}

    async def read_pairs(self, prefixes: Sequence[str]) -> Iterable[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for prefix in prefixes:
            path = f"/v1/kv/{quote(prefix)}"
            answer = await self._call("GET", path, params={"recurse": "true"})
            found += [(p["Key"], _decoded(p["Value"])) for p in answer or ()]
        return found

    async def write_pairs(self, step: Pass) -> None:
        operations = [_set(key, value) for key, value in step.put.items()]
        operations += [{"KV": {"Verb": "delete", "Key": key}} for key in step.delete]
        operations += [_set(key, value) for key, value in step.seal.items()]
        for start in range(0, len(operations), OPERATIONS):
            batch = operations[start : start + OPERATIONS]
            await self._call("PUT", "/v1/txn", json=batch)

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = await self._client.request(method, path, **options)
        except httpx.HTTPError as e:
            reason = str(e) or type(e).__name__
            raise StoreUnavailable(
                f"Consul at {self._shown} does not answer: {reason}"
            ) from None
        status = response.status_code
        if status == 200:
            return response.json()
        if status == 404 and method == "GET":
            return None
        said = response.text.strip()[:200]
        if status in (401, 403):
            raise StoreRefused(
                f"Consul at {self._shown} refuses consul_password, the token: {said}"
            )
        if status >= 500:
            raise StoreUnavailable(f"Consul at {self._shown} cannot serve: {said}")
        raise StoreRefused(f"Consul at {self._shown} refuses ({status}): {said}")


def _set(key: str, value: str) -> dict[str, Any]:
    encoded = base64.b64encode(value.encode()).decode()
    return {"KV": {"Verb": "set", "Key": key, "Value": encoded}}


def _decoded(value: str | None) -> str:
    return base64.b64decode(value or "").decode("utf-8", errors="replace")
