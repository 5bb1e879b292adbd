from __future__ import annotations

import socket

from tests.harness.docker import Docker
from tests.harness.fixtures import one_engine

pytestmark = one_engine


def interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


async def test_no_bridge_stays_on_the_machine(docker: Docker) -> None:
    network = await docker.run("network", "create", "passing")
    bridge = f"br-{network[:12]}"
    assert bridge in interfaces()
    await docker.remove_networks()
    assert bridge not in interfaces()
