"""JupyterHub 5, which takes server names of any kind."""

from __future__ import annotations

from pathlib import Path

from tests.harness.parts import need
from tests.services.culler import hubs
from tests.services.culler.hubs import Culler, culler_hub, running, start


async def test_hostile_names_of_servers_end_nothing_else(tmp_path: Path) -> None:
    python = need("hub5").with_name("python")
    async with culler_hub(
        tmp_path / "hub", "delete:users", "read:users", python=python
    ) as hub:
        assert (await hub.api("GET", "/"))["version"].startswith("5")
        await start(hub, "alice", idle=10)
        await start(hub, "alice", "x", idle=10)
        for name in ["..", "x?y", "x#y", "a b", "50%", "日本"]:
            await start(hub, "alice", name, idle=4000)
            await hubs.age(hub, {"user": "alice", "last_activity": 10})
        await start(hub, "gone", idle=4000)

        async with Culler(
            hub, tmp_path / "culler", "--timeout=3600", "--cull-users", pages=True
        ) as culler:
            await culler.swept()
            alice = await hub.login("alice")
            page = await alice.get("/services/culler/")
            assert "Stops in" in page.text

        assert await running(hub) == {"alice/", "alice/x"}, culler.log
        assert "gone" not in await hubs.users(hub)
