"""Jupyter servers and a Hub that speak TLS to each other, and a kernel that computes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from jupyterhub_suite.services.status.checks.kernel import Kernel
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for
from tests.services.culler.hubs import Culler, age, culler_hub, running

REAL_SERVERS = """
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
"""


async def test_a_kernel_that_computes_holds_its_server_under_internal_ssl(
    tmp_path: Path,
) -> None:
    async with culler_hub(
        tmp_path / "hub", "access:servers", internal_ssl=True, text=REAL_SERVERS
    ) as hub:
        await asyncio.gather(*(hub.start_server(name) for name in ("busy", "idle")))
        certificates = hub.folder / "internal-ssl"
        flags = ["--timeout=3600", f"--internal-certs-location={certificates}"]
        flags += ["--CullerService.busy_hold=3600"]
        flags += [f"--CullerService.servers_url={hub.origin}"]
        async with computing(hub, "busy"):
            for name in ("busy", "idle"):
                wish = {"user": name, "server": "", "last_activity": 4000}
                await age(hub, {**wish, "started": 9000})

            async with Culler(hub, tmp_path / "own", "--ssl-enabled", *flags) as culler:
                await culler.swept()
            async with Culler(hub, tmp_path / "plain", *flags) as plain:
                await plain.process.says("The sweep failed: HubUnreachable")

            assert await running(hub) == {"busy/"}, culler.log


@asynccontextmanager
async def computing(hub: RealHub, user: str) -> AsyncIterator[None]:
    """While this lasts, a kernel of that user works on a long cell."""
    server = f"{hub.origin}/user/{user}/api/kernels"
    headers = {"Authorization": f"token {hub.token}"}
    made = await hub.client().post(server, headers=headers, json={"name": "python3"})
    made.raise_for_status()
    kernel = await Kernel.open(
        f"{server}/{made.json()['id']}/channels", hub.token, None
    )
    running = asyncio.create_task(kernel.run("import time; time.sleep(600)"))

    async def is_busy() -> bool:
        (model,) = (await hub.client().get(server, headers=headers)).json()
        return bool(model["execution_state"] == "busy")

    try:
        await wait_for(is_busy, what="a busy kernel")
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        kernel.close()
