"""A real Hub of any size for the culler's benchmark: its database, made by script.

    python benchmarks/culler_hub.py sqlite:///FILE USERS SERVERS

makes USERS users, of whom SERVERS have a running server, all in use.
"""

from __future__ import annotations

import secrets
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

from jupyterhub import orm, roles
from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    """A table of routes that nobody follows: what is measured is not the proxy."""

    should_start = False

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.routes: dict[str, Any] = {}

    async def add_route(
        self, routespec: str, target: str, data: dict[str, Any]
    ) -> None:
        self.routes[routespec] = {
            "routespec": routespec,
            "target": target,
            "data": data,
        }

    async def delete_route(self, routespec: str) -> None:
        self.routes.pop(routespec, None)

    async def get_all_routes(self) -> dict[str, Any]:
        return dict(self.routes)


def populate(url: str, users: int, servers: int, port: int) -> None:
    session = orm.new_session_factory(url)()
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    for default in roles.get_default_roles():
        roles.create_role(session, default)
    role = orm.Role.find(session, "user")
    for number in range(users):
        user = orm.User(name=f"user-{number:05}", last_activity=now)
        user.cookie_id = secrets.token_hex(8)
        user.roles.append(role)
        session.add(user)
        if number < servers:
            session.add(running_server(user, now, port))
    session.commit()


def running_server(user: orm.User, now: datetime, port: int) -> orm.Spawner:
    server = orm.Server(
        proto="http", ip="127.0.0.1", port=port, base_url=f"/user/{user.name}/"
    )
    return orm.Spawner(
        name="",
        user=user,
        server=server,
        started=now - timedelta(hours=1),
        last_activity=now,
        state={"up": True},
        user_options={"profile": "standard", "image": "quay.io/jupyter/base:2026"},
    )


if __name__ == "__main__":
    populate(sys.argv[1], *(int(word) for word in sys.argv[2:5]))
