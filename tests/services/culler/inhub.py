"""Loaded into the test's Hub: servers that cost nothing, and any age one likes.

All servers are one small HTTP server in the Hub's own process; each is as slow to
stop as its `user_options` say. What an hour of idling makes of a server is set at
once by `POST /hub/api/test/times`.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from socket import socket
from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.spawner import Spawner
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class Answer(RequestHandler):
    """Any server's API; kernels as the server's user_options say."""

    def get(self) -> None:
        parts = self.request.path.split("/user/", 1)[-1].split("/")
        self.set_header("Content-Type", "application/json")
        if self.request.path.endswith(("/api/kernels", "/api/terminals")):
            key = "kernels" if self.request.path.endswith("kernels") else "terminals"
            self.finish(
                json.dumps(SharedSpawner.answers.get(parts[0], {}).get(key, []))
            )
        else:
            self.finish(json.dumps({"version": "0"}))


class SharedSpawner(Spawner):
    """A server that is there at once, and takes its time to stop."""

    address: tuple[str, int] | None = None
    answers: dict[str, Any] = {}
    # Bound before there was a loop to serve it in.
    waiting: tuple[HTTPServer, socket] | None = None
    stops = 0
    stopping = 0
    most_stopping = 0

    up = False

    async def start(self) -> tuple[str, int]:
        cls = SharedSpawner
        address = cls.address or serve_at(0)
        cls.answers[self.user.escaped_name] = self.user_options
        self.up = True
        return address

    async def stop(self, now: bool = False) -> None:
        cls = SharedSpawner
        cls.stopping += 1
        cls.most_stopping = max(cls.most_stopping, cls.stopping)
        try:
            await asyncio.sleep(self.user_options.get("stop_seconds", 0))
            self.up = False
            cls.stops += 1
        finally:
            cls.stopping -= 1

    async def poll(self) -> int | None:
        if SharedSpawner.waiting:
            server, listener = SharedSpawner.waiting
            SharedSpawner.waiting = None
            server.add_socket(listener)
        return None if self.up else 0

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.up = bool(state.get("up"))

    def get_state(self) -> dict[str, Any]:
        return {
            **super().get_state(),
            "up": self.up,
            "gpu": self.user_options.get("gpu"),
        }

    def clear_state(self) -> None:
        super().clear_state()
        self.up = False


def serve_at(port: int) -> tuple[str, int]:
    """Begin to answer for all servers, before the Hub's loop runs or in it."""
    (listener,) = bind_sockets(port, "127.0.0.1")
    SharedSpawner.address = ("127.0.0.1", listener.getsockname()[1])
    server = HTTPServer(Application([(".*", Answer)]))
    try:
        server.add_socket(listener)
    except RuntimeError:  # no loop yet
        SharedSpawner.waiting = (server, listener)
    return SharedSpawner.address


class Times(APIHandler):
    """Makes servers and users as old and as idle as a test wants them."""

    def check_xsrf_cookie(self) -> None:
        return

    def post(self) -> None:
        for wish in self.get_json_body():
            user = orm.User.find(self.db, wish["user"])
            holder = user
            if "server" in wish:
                holder = user.orm_spawners[wish["server"]]
            for field in ("started", "last_activity", "created"):
                if field in wish:
                    setattr(holder, field, ago(wish[field]))
        self.db.commit()
        self.set_status(204)


class Counts(APIHandler):
    def get(self) -> None:
        cls = SharedSpawner
        up = sum(
            spawner.ready
            for user in self.users.values()
            for spawner in user.spawners.values()
        )
        self.finish(
            json.dumps({"stops": cls.stops, "most": cls.most_stopping, "up": up})
        )
        if self.get_argument("reset", ""):
            cls.most_stopping = 0


def ago(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    return now - timedelta(seconds=seconds)


HANDLERS = [("/api/test/times", Times), ("/api/test/counts", Counts)]
