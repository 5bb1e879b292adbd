"""Routes in Redis or Valkey, alone or behind sentinels.

Traefik learns of changes through keyspace notifications, one for each key, and reads
the whole table at each: a thousand routes at once would have it read the table five
thousand times. So a write turns notifications off at its beginning and on again before
its last command, the generation. Since Redis runs a transaction without a break, nobody
else can miss a notification by that. Where we may not configure the server, they must
be on already, and a large write costs every Traefik some work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError as RedisConnectionError,
    NoPermissionError,
    RedisError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from ..entries import Entry, Path
from ..errors import StoreRefused, StoreUnavailable
from .keyvalue import KeyValueStore, Pass, Roots
from .redis_address import RedisAddress
from .tls import ClientTls

NOTIFY = "notify-keyspace-events"
WANTED = "KEA"
PAGE = 1000


class RedisStore(KeyValueStore):
    """One Redis, or the master that its sentinels name."""

    provider = "redis"

    def __init__(
        self,
        roots: Roots,
        address: RedisAddress,
        *,
        tls: ClientTls | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(roots)
        self.address = address
        self.tls = tls or ClientTls()
        self._options = dict(options or {})
        self._client = self._connect()
        self._notify = ""
        """What to set notifications back to; nothing if we may not touch them."""

    def _connect(self) -> aioredis.Redis:
        where = self.address
        options: dict[str, Any] = {
            "username": where.username or None,
            "password": where.password or None,
            "db": where.db,
            "decode_responses": True,
            "socket_connect_timeout": 3,
            "socket_timeout": 15,
            # A change that is sent again may meet a Redis that came back empty.
            "retry": Retry(NoBackoff(), 0),
        }
        if where.tls:
            options |= {"ssl": True, **self._tls_options()}
        options |= self._options
        if not where.sentinel:
            host, port = where.hosts[0]
            return aioredis.Redis(host=host, port=port, **options)
        login = {"password": where.sentinel_password or None}
        sentinel = Sentinel(where.hosts, sentinel_kwargs=login, **options)
        return sentinel.master_for(where.sentinel)

    def _tls_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.tls.ca:
            options["ssl_ca_certs"] = self.tls.ca
        if self.tls.certificate:
            options["ssl_certfile"] = self.tls.certificate
            options["ssl_keyfile"] = self.tls.key or self.tls.certificate
        if self.tls.insecure:
            options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
        return options

    def static(self) -> dict[str, Any]:
        where = self.address
        settings: dict[str, Any] = {
            "endpoints": [f"{host}:{port}" for host, port in where.hosts],
            "rootKey": self.roots.traefik,
            "db": where.db,
        }
        if where.username:
            settings["username"] = where.username
        if where.password:
            settings["password"] = where.password
        if where.sentinel:
            settings["sentinel"] = {"masterName": where.sentinel}
            if where.sentinel_password:
                settings["sentinel"]["password"] = where.sentinel_password
        if where.tls:
            settings["tls"] = self.tls.static()
        return {"redis": settings}

    async def read_pairs(self, prefixes: Sequence[str]) -> Iterable[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        async with self._errors():
            await self._see_to_notifications()
            for prefix in prefixes:
                pattern = _literally(prefix) + "*"
                keys = [k async for k in self._client.scan_iter(pattern, count=PAGE)]
                for start in range(0, len(keys), PAGE):
                    some = keys[start : start + PAGE]
                    values: Any = await self._client.mget(some)
                    pairs = zip(some, values, strict=True)
                    found += [(k, v) for k, v in pairs if v is not None]
        return found

    async def peek(self, path: Path) -> Entry | None:
        """By the keys that we know of: a search walks through the whole database."""
        keys = list(self._held.get(path, ()))
        if not keys:
            return None
        async with self._errors():
            await self._see_to_notifications()
            values: Any = await self._client.mget(keys)
        pairs = {k: v for k, v in zip(keys, values, strict=True) if v is not None}
        return self._entry(path, pairs) if pairs else None

    async def write_pairs(self, step: Pass) -> None:
        quiet = bool(self._notify)
        async with self._errors(), self._client.pipeline(transaction=True) as pipe:
            if quiet:
                pipe.config_set(NOTIFY, "")
            if step.put:
                pipe.mset(step.put)
            if step.delete:
                pipe.delete(*step.delete)
            if quiet:
                pipe.config_set(NOTIFY, self._notify)
            pipe.mset(step.seal)
            await pipe.execute()

    async def close(self) -> None:
        await self._client.aclose()

    async def _see_to_notifications(self) -> None:
        """Traefik sees no change unless they are on; a restarted Redis forgets them."""
        try:
            held = (await self._client.config_get(NOTIFY)).get(NOTIFY) or ""
            self._notify = held if notifies(held) else WANTED
            await self._client.config_set(NOTIFY, self._notify)
        except (NoPermissionError, ResponseError):
            # A managed Redis: its operator sets this, and says so in its console.
            self._notify = ""

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (AuthenticationError, NoPermissionError) as e:
            raise StoreRefused(
                f"Redis at {self.address} refuses redis_username = "
                f"{self.address.username!r} and its password: {e}"
            ) from None
        except (RedisConnectionError, RedisTimeoutError, OSError) as e:
            raise StoreUnavailable(
                f"Redis at {self.address} does not answer: {e}"
            ) from None
        except RedisError as e:
            raise StoreRefused(f"Redis at {self.address} refuses: {e}") from None


def notifies(flags: str) -> bool:
    """Whether events on keys are published for strings, and for what removes them."""
    return "K" in flags and ("A" in flags or {"$", "g"} <= set(flags))


def _literally(prefix: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]\\^" else c for c in prefix)
