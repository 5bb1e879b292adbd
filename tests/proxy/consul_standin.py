"""A small stand-in for Consul's key-value API, true enough for the real Traefik.

Reading (one key, or recursively), the index with blocking queries, and transactions
with their limit of 64 operations. A real agent takes its place wherever ``consul`` is
on the PATH; see ``start_consul`` in conftest.py.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

if TYPE_CHECKING:
    from typing_extensions import Self


class Consul:
    def __init__(self, token: str = "") -> None:
        self.token = token
        self.pairs: dict[str, tuple[str, int]] = {}
        self.index = 1
        self.changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        handlers = [(r"/v1/kv/(.*)", Keys), (r"/v1/txn", Transaction)]
        (socket,) = bind_sockets(0, "127.0.0.1")
        application = Application(
            [(path, handler, {"consul": self}) for path, handler in handlers],
            log_function=lambda handler: None,
        )
        self.server = HTTPServer(application)
        self.server.add_sockets([socket])
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.stop()
        self.changed.set()
        await self.server.close_all_connections()

    def commit(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Handler(RequestHandler):
    def initialize(self, consul: Consul) -> None:
        self.consul = consul

    def prepare(self) -> None:
        if self.request.headers.get("X-Consul-Token", "") != self.consul.token:
            self.set_status(403)
            self.finish("Permission denied: token lacks permission")

    def answer(self, status: int, body: Any) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("X-Consul-Index", str(self.consul.index))
        self.set_header("X-Consul-Knownleader", "true")
        self.set_header("X-Consul-Lastcontact", "0")
        self.finish(json.dumps(body))


class Keys(Handler):
    async def get(self, key: str) -> None:
        known = int(self.get_query_argument("index", "0"))
        if known and known == self.consul.index:
            wait = self.get_query_argument("wait", "5m")
            try:
                await asyncio.wait_for(self.consul.changed.wait(), seconds(wait))
            except asyncio.TimeoutError:
                pass
        recurse = self.get_query_argument("recurse", None) is not None
        found = [
            {"Key": k, "Value": v, "Flags": 0, "LockIndex": 0, "CreateIndex": i}
            | {"ModifyIndex": i}
            for k, (v, i) in sorted(self.consul.pairs.items())
            if (k.startswith(key) if recurse else k == key)
        ]
        self.answer(200 if found else 404, found or None)

    async def put(self, key: str) -> None:
        value = base64.b64encode(self.request.body).decode()
        self.consul.index += 1
        self.consul.pairs[key] = (value, self.consul.index)
        self.consul.commit()
        self.answer(200, True)


class Transaction(Handler):
    async def put(self) -> None:
        operations = json.loads(self.request.body)
        if len(operations) > 64:
            self.answer(413, "Transaction contains too many operations (> 64)")
            return
        self.consul.index += 1
        for operation in operations:
            self.apply(operation["KV"])
        self.consul.commit()
        self.answer(200, {"Results": [], "Errors": None})

    def apply(self, operation: dict[str, str]) -> None:
        key = operation["Key"]
        if operation["Verb"] == "set":
            assert not key.startswith("/") and "//" not in key, key
            self.consul.pairs[key] = (operation["Value"], self.consul.index)
        elif operation["Verb"] == "delete":
            self.consul.pairs.pop(key, None)
        else:
            raise ValueError(operation["Verb"])


def seconds(duration: str) -> float:
    found = re.fullmatch(r"(\d+)(ms|s|m)", duration)
    assert found, duration
    return int(found[1]) * {"ms": 0.001, "s": 1, "m": 60}[found[2]]
