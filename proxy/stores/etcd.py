"""Routes in etcd, 3.4 to 3.6, through its own JSON gateway.

The gateway is part of etcd and needs no client library but an HTTP one: that gives us
async, several endpoints, TLS and users, where the libraries for gRPC each lack some.

A transaction holds 128 operations at most, but may hold transactions: two levels of 42
and a leaf of 42 pass every member's check, so that thousands of routes still change at
once. What limits a transaction then is the size of a request, 1.5 MiB.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..errors import StoreRefused, StoreUnavailable, login_in, without_secrets
from .keyvalue import KeyValueStore, Pass, Roots
from .tls import ClientTls

BRANCHES = 42
"""Three levels of it are just below the limit of 128 that each path must respect."""

LARGEST = 1_400_000
"""Bytes in one transaction: etcd takes 1.5 MiB."""

OVERHEAD = 24
"""Bytes that an operation takes beside its key and value."""

PAGE = 10_000
"""Keys to read at once; an answer must stay below etcd's limit too."""

UNAUTHENTICATED = 16
PERMISSION_DENIED = 7
UNAVAILABLE = frozenset({1, 4, 8, 14})
"""Codes of gRPC after which trying again may help."""


class EtcdStore(KeyValueStore):
    """One etcd cluster; whichever endpoint answers is asked."""

    provider = "etcd"

    def __init__(
        self,
        roots: Roots,
        endpoints: Sequence[str],
        *,
        username: str = "",
        password: str = "",
        tls: ClientTls | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(roots)
        login = next(filter(any, map(login_in, endpoints)), ("", ""))
        self.endpoints = [
            without_secrets(endpoint).rstrip("/") for endpoint in endpoints
        ]
        self.username = username or login[0]
        self._password = password or login[1]
        self.tls = tls or ClientTls()
        self._token = ""
        self._client = httpx.AsyncClient(
            **{
                "timeout": httpx.Timeout(10, connect=2),
                "trust_env": False,
                "verify": self.tls.context() or True,
                **(options or {}),
            }
        )

    def static(self) -> dict[str, Any]:
        etcd: dict[str, Any] = {
            "endpoints": [urlsplit(endpoint).netloc for endpoint in self.endpoints],
            "rootKey": self.roots.traefik,
        }
        if self.username:
            etcd |= {"username": self.username, "password": self._password}
        if self.endpoints[0].startswith("https:"):
            etcd["tls"] = self.tls.static()
        return {"etcd": etcd}

    async def read_pairs(self, prefixes: Sequence[str]) -> Iterable[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        revision = 0
        for prefix in prefixes:
            start, end = prefix.encode(), _after(prefix.encode())
            more = True
            while more:
                body = {"key": b64(start), "range_end": b64(end), "limit": str(PAGE)}
                if revision:
                    body["revision"] = str(revision)
                answer = await self.call("kv/range", body)
                revision = int(answer["header"]["revision"])
                pairs = answer.get("kvs", [])
                found += [(unb64(p["key"]), unb64(p.get("value", ""))) for p in pairs]
                more = bool(answer.get("more"))
                if more:
                    start = base64.b64decode(pairs[-1]["key"]) + b"\0"
        return found

    async def write_pairs(self, step: Pass) -> None:
        operations = [_put(key, value) for key, value in step.put.items()]
        operations += [_delete(key) for key in step.delete]
        operations += [_put(key, value) for key, value in step.seal.items()]
        for transaction in transactions(operations):
            await self.call("kv/txn", {"success": nested(transaction)})

    async def close(self) -> None:
        await self._client.aclose()

    async def call(self, path: str, body: Mapping[str, Any]) -> Any:
        """Ask one endpoint after the other, beginning with the one that answered last."""
        problems = []
        for endpoint in list(self.endpoints):
            try:
                answer = await self._ask(endpoint, path, body)
            except StoreUnavailable as e:
                problems.append(str(e))
                self.endpoints.append(self.endpoints.pop(0))
            else:
                return answer
        raise StoreUnavailable("; ".join(problems))

    async def _ask(self, endpoint: str, path: str, body: Mapping[str, Any]) -> Any:
        if self.username and not self._token:
            await self._log_in(endpoint)
        try:
            return await self._post(endpoint, path, body)
        except TokenExpired:
            await self._log_in(endpoint)
            return await self._post(endpoint, path, body)

    async def _log_in(self, endpoint: str) -> None:
        self._token = ""
        login = {"name": self.username, "password": self._password}
        self._token = (await self._post(endpoint, "auth/authenticate", login))["token"]

    async def _post(self, endpoint: str, path: str, body: Mapping[str, Any]) -> Any:
        shown = without_secrets(endpoint)
        headers = {"Authorization": self._token} if self._token else {}
        content = json.dumps(body, separators=(",", ":"))
        try:
            response = await self._client.post(
                f"{endpoint}/v3/{path}", content=content, headers=headers
            )
            answer = response.json()
        except (httpx.HTTPError, ValueError) as e:
            reason = str(e) or type(e).__name__
            raise StoreUnavailable(
                f"etcd at {shown} does not answer: {reason}"
            ) from None
        if response.status_code == 200:
            return answer
        raise self._error(shown, answer)

    def _error(self, shown: str, answer: Mapping[str, Any]) -> Exception:
        code = answer.get("code", 0)
        said = answer.get("message") or answer.get("error") or "no reason"
        if code == UNAUTHENTICATED and self._token:
            return TokenExpired()
        if "authentication failed" in said or code == UNAUTHENTICATED:
            return StoreRefused(
                f"etcd at {shown} refuses etcd_username = {self.username!r} and its "
                f"password: {said}"
            )
        if code in UNAVAILABLE:
            return StoreUnavailable(f"etcd at {shown} cannot serve: {said}")
        return StoreRefused(f"etcd at {shown} refuses: {said}")


class TokenExpired(Exception):
    """etcd forgets tokens after a while, and when it restarts."""


def transactions(
    operations: Sequence[dict[str, Any]],
) -> Iterable[list[dict[str, Any]]]:
    """Cut where a request would get too large."""
    batch: list[dict[str, Any]] = []
    size = 0
    for operation in operations:
        texts = [text for part in operation.values() for text in part.values()]
        cost = sum(len(text) * 3 // 4 for text in texts) + OVERHEAD
        if batch and (size + cost > LARGEST or len(batch) == BRANCHES**3):
            yield batch
            batch, size = [], 0
        batch.append(operation)
        size += cost
    if batch:
        yield batch


def nested(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Operations as transactions within transactions, none of which is too long."""
    while len(operations) > BRANCHES:
        operations = [
            {"requestTxn": {"success": operations[i : i + BRANCHES]}}
            for i in range(0, len(operations), BRANCHES)
        ]
    return operations


def _put(key: str, value: str) -> dict[str, Any]:
    return {"requestPut": {"key": b64(key.encode()), "value": b64(value.encode())}}


def _delete(key: str) -> dict[str, Any]:
    return {"requestDeleteRange": {"key": b64(key.encode())}}


def _after(prefix: bytes) -> bytes:
    """The first key behind all that begin with a prefix; ours end in a separator."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", errors="replace")
