"""Does the Hub answer, can it write, and do servers get through their start?"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from jupyterhub_suite.services.errors import HubConflict, HubRefused, SettingError
from jupyterhub_suite.services.hub import api_path

from ..model import Code, Finding
from ..registration import CHECK_GROUP
from .base import Check, CheckFailed, Journal, Site


@dataclass(frozen=True)
class Server:
    """A server that runs, or is on its way up or down."""

    user: str
    name: str
    ready: bool
    pending: str | None
    started: float | None
    user_options: Mapping[str, Any]
    groups: tuple[str, ...] = ()


def read_servers(user: Mapping[str, Any]) -> list[Server]:
    """The servers in a user's record, as the Hub's API gives it."""
    return [
        Server(
            user=user["name"],
            name=name,
            ready=bool(server.get("ready")),
            pending=server.get("pending"),
            started=read_time(server.get("started")),
            user_options=server.get("user_options") or {},
            groups=tuple(user.get("groups") or ()),
        )
        for name, server in (user.get("servers") or {}).items()
    ]


def read_time(text: str | None) -> float | None:
    """The Hub's times: ISO 8601 in UTC, of which Python 3.10 cannot read the Z."""
    if not text:
        return None
    plain = re.sub(r"(Z|\+00:00)$", "", text)
    return datetime.fromisoformat(plain).replace(tzinfo=timezone.utc).timestamp()


def judge_servers(servers: Iterable[Server], now: float, patience: float) -> Finding:
    """How many run, how many wait, and which wait for longer than they should."""
    active = list(servers)
    waiting = [server for server in active if server.pending]
    late = [
        server
        for server in waiting
        if server.started is not None and now - server.started > patience
    ]
    numbers = {
        "running": sum(server.ready for server in active),
        "pending": len(waiting),
        "pending_too_long": len(late),
    }
    msg = f"{numbers['running']} servers running, {len(waiting)} pending"
    if late:
        msg = f"{len(late)} of {len(waiting)} pending servers wait for over {patience:g} s"
        return Finding(Code.WARNING, msg, numbers, tuple(map(describe, late)))
    return Finding(Code.OK, msg, numbers)


def describe(server: Server) -> str:
    return f"{server.user}/{server.name}: {server.pending}"


class HubCheck(Check):
    kind = "hub"
    options = {
        "pending_limit": {"type": "number", "exclusiveMinimum": 0, "default": 600},
        "write": {"type": "boolean", "default": True},
    }

    async def probe(self, site: Site, journal: Journal) -> Finding:
        with journal.stage("api"):
            version = (await site.hub.get(""))["version"]
        if self["write"]:
            with journal.stage("write"):
                await write(site)
        with journal.stage("servers"):
            # The Hub keeps ready and pending ones apart from those that stopped.
            users = [user async for user in site.hub.pages("users", state="active")]
            servers = [server for user in users for server in read_servers(user)]
        found = judge_servers(servers, time.time(), self["pending_limit"])
        msg = f"JupyterHub {version}: {found.msg}"
        return Finding(found.code, msg, found.numbers, found.details)


async def write(site: Site) -> None:
    """A group that comes and goes is a transaction that hurts nobody."""
    group = api_path("groups", CHECK_GROUP)
    known = {"known": hashlib.sha256(site.token.encode()).hexdigest()[:16]}
    try:
        with suppress(HubConflict):  # an earlier run broke off
            await site.hub.post(group)
        await site.hub.delete(group)
    except HubRefused as error:
        # A Hub that cannot read its database says of every token that it is wrong.
        if "credentials" in str(error) and await site.memo.read() == known:
            raise CheckFailed(
                "The Hub does not know this service's token any more: its database"
                " does not answer, or the token was changed. See the Hub's log"
            ) from error
        raise
    if await site.memo.read() != known:
        with suppress(SettingError):  # a single run may have nowhere to keep it
            await site.memo.write(known)
