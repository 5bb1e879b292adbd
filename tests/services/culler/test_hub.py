from __future__ import annotations

from pathlib import Path

from tests.harness.hub import RealHub
from tests.services.culler import hubs
from tests.services.culler.hubs import Culler, running, start


async def test_idle_servers_are_stopped_and_used_ones_are_not(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "idle", idle=4000)
    await start(hub, "idle", "named", idle=4000)
    await start(hub, "used", idle=100)

    async with Culler(hub, tmp_path, "--timeout=3600") as culler:
        await culler.swept()

    assert await running(hub) == {"used/"}


HOSTILE = ["victim?x", "victim#x", "a b", "50%", "日本", "o'brien", "%41"]


async def test_idle_users_of_hostile_names_are_removed_and_nobody_else(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "victim", idle=100)
    await start(hub, "a", idle=100)
    for name in HOSTILE:
        await start(hub, name, idle=4000)

    async with Culler(hub, tmp_path, "--timeout=3600", "--cull-users") as culler:
        await culler.swept()

    assert await running(hub) == {"victim/", "a/"}, culler.log
    assert await hubs.users(hub) == {"victim", "a", "admin"}


async def test_a_user_sees_when_and_why_and_keeps_a_server(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "alice", idle=100)
    flags = ["--timeout=3600", "--CullerService.lease_hours=8"]
    async with Culler(hub, tmp_path, *flags, pages=True) as culler:
        await culler.swept()
        alice = await hub.login("alice")

        page = await alice.get("/services/culler/")

        assert page.status_code == 200
        assert "Stops in <strong>58 min" in page.text
        assert "Idle for 1 h" in page.text
        kept = await alice.post(
            "/services/culler/api/leases", json={"server": "", "hours": 2}
        )
        assert kept.status_code == 201, kept.text
        assert "Kept until" in (await alice.get("/services/culler/")).text
        assert (await alice.get("/services/culler/all")).status_code == 403
        admin = await hub.login("admin")
        everything = await admin.get("/services/culler/all")
        assert everything.status_code == 200
        assert "alice" in everything.text
        assert (await admin.get("/services/culler/history")).status_code == 200
