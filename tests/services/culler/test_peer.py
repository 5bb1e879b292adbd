"""Ours and jupyterhub-idle-culler at the same Hub: do they stop the same?"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jupyterhub_idle_culler import cull_idle

from tests.harness.hub import RealHub
from tests.services.culler.hubs import (
    TOKEN,
    Culler,
    age,
    clear,
    running,
    start,
    users,
)

SETTINGS: list[dict[str, Any]] = [
    {"cull_named_servers": False, "max_age": 8000},
    {"cull_default_servers": False, "remove_named_servers": True, "concurrency": 1},
    {"cull_users": True, "cull_admin_users": False, "remove_named_servers": True},
    {"cull_users": True, "max_age": 8000, "api_page_size": 2},
]


async def populate(hub: RealHub) -> None:
    await start(hub, "busy")
    await start(hub, "idle", idle=4000)
    await start(hub, "old", idle=10, old=9000)
    await start(hub, "both", idle=4000)
    await start(hub, "both", "lab", idle=10)
    await start(hub, "lab", "one", idle=4000, old=9000)
    await hub.api("POST", "/users/gone")
    await hub.api("POST", "/users/boss", json={"admin": True})
    for name in ("gone", "boss"):
        await age(hub, {"user": name, "last_activity": 4000, "created": 9000})
    await age(hub, {"user": "admin", "last_activity": 1, "created": 1})


async def state(hub: RealHub) -> tuple[set[str], set[str], set[str]]:
    """What runs, who there is, and which named servers the Hub still knows."""
    found = await hub.api("GET", "/users?include_stopped_servers=1&limit=200")
    named = {f"{u['name']}/{n}" for u in found for n in u["servers"] if n}
    return await running(hub), await users(hub), named


def flags(settings: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
async def test_the_same_is_stopped_with_the_same_settings(
    hub: RealHub, tmp_path: Path, settings: dict[str, Any]
) -> None:
    await populate(hub)
    await cull_idle(
        hub.api_url,
        TOKEN,
        inactive_limit=3600,
        logger=logging.getLogger("peer"),
        **settings,
    )
    theirs = await state(hub)
    await clear(hub)

    await populate(hub)
    async with Culler(hub, tmp_path, "--timeout=3600", *flags(settings)) as culler:
        await culler.swept()

    assert await state(hub) == theirs, culler.log


HOOK = """
async def hook(*, inactive, inactive_limit, server):
    # Fails without times, as hooks do.
    inactive.total_seconds()
    return server["user_options"].get("verdict", inactive_limit == 0)
c.IdleCuller.cull_arbiter_hook = hook
c.IdleCuller.timeout = 3600
"""


async def test_the_hook_decides_even_against_max_age_and_the_peer_asks_nobody(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "spared", idle=9000, verdict=False)
    await start(hub, "chosen", idle=1, verdict=True)
    await start(hub, "blank", verdict=True)
    timeless = {"user": "blank", "server": "", "last_activity": None, "started": None}
    await age(hub, timeless)

    async with Culler(hub, tmp_path, "--max-age=8000", config=HOOK) as culler:
        await culler.swept()

    assert await running(hub) == {"spared/", "blank/"}

    # The fault that this differs in, held fast so that we notice when it is gone.
    await age(hub, {"user": "blank", "server": "", "last_activity": 1, "started": 1})
    await cull_idle(
        hub.api_url,
        TOKEN,
        inactive_limit=3600,
        logger=logging.getLogger("peer"),
        max_age=8000,
        cull_arbiter=lambda *, inactive, **_: inactive < timedelta(0),
    )
    assert await running(hub) == {"blank/"}
