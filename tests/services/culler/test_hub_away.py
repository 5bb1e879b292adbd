"""A Hub that stalls, crashes or pages wrongly while a sweep is under way."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.errors import HubUnreachable
from jupyterhub_suite.services.hub import HubClient
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for
from tests.services.culler.hubs import (
    TOKEN,
    Culler,
    culler_hub,
    outcomes,
    running,
    start,
)

IDLE = ("--timeout=3600", "--cull-every=1", "--concurrency=2")
# The servers outlive the Hub: the next one answers for them at the same port.
LASTING_SERVERS = """
from tests.services.culler.inhub import serve_at
serve_at({port})
c.JupyterHub.init_spawners_timeout = 1
"""


async def test_a_hub_that_stalls_in_a_sweep_is_reported_and_the_sweep_goes_on(
    hub: RealHub, tmp_path: Path
) -> None:
    before = await hub.api("GET", "/test/counts")
    for number in range(4):
        await start(hub, f"idle-{number}", idle=4000, stop_seconds=0.5)

    async with Culler(hub, tmp_path, *IDLE, pages=True) as culler:
        await culler.process.says("Stopping server")
        hub.process.send_signal(signal.SIGSTOP)
        try:
            health = await culler.ask("GET", "health", TOKEN)
            with pytest.raises(HubUnreachable):
                await impatient(hub).get("users")
        finally:
            hub.process.send_signal(signal.SIGCONT)
        await culler.swept()

    assert health.status_code == 503
    assert "no answer in time" in health.json()["unwell"]["hub"]
    assert set(outcomes(tmp_path).values()) == {"stopped"}
    counts = await hub.api("GET", "/test/counts")
    assert counts["stops"] - before["stops"] == 4


def impatient(hub: RealHub) -> HubClient:
    return HubClient(hub.api_url, TOKEN, timeout=0.2, attempts=1)


async def test_a_hub_that_crashes_in_a_sweep_is_waited_for(tmp_path: Path) -> None:
    lasting = LASTING_SERVERS.format(port=free_port())
    async with culler_hub(tmp_path / "hub", text=lasting) as hub:
        for number in range(3):
            await start(hub, f"idle-{number}", idle=4000, stop_seconds=1)
        await start(hub, "used", idle=10)
        async with Culler(hub, tmp_path / "culler", *IDLE, pages=True) as culler:
            await culler.process.says("Stopping server")
            await hub.kill()
            await culler.process.says("Server idle-.: failed")
            await hub.start()

            async def all_stopped() -> bool:
                return await running(hub) == {"used/"}

            await wait_for(all_stopped, what="the end of all idle servers")
            log = culler.log

    assert "Traceback" not in log
    assert "used" not in outcomes(tmp_path / "culler")


class WrongPages(RequestHandler):
    """A Hub that passes on what the real one says, and never comes to an end."""

    wrong = True
    real = ""

    async def get(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            headers = {
                name: self.request.headers[name] for name in ("Authorization", "Accept")
            }
            answer = await http.get(
                self.real + (self.request.uri or ""), headers=headers
            )
        page = answer.json()
        if WrongPages.wrong and isinstance(page, dict) and "_pagination" in page:
            offset = int(self.get_argument("offset"))
            page["_pagination"]["next"] = {"offset": offset + len(page["items"])}
        self.set_status(answer.status_code)
        self.finish(json.dumps(page))

    async def delete(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            headers = {"Authorization": self.request.headers["Authorization"]}
            answer = await http.delete(
                self.real + (self.request.uri or ""), headers=headers
            )
        self.set_status(answer.status_code)


@pytest.fixture
async def wrong_pages(hub: RealHub) -> AsyncIterator[str]:
    WrongPages.real = hub.hub_origin
    WrongPages.wrong = True
    server = HTTPServer(Application([(".*", WrongPages)]))
    (listener,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/hub/api"
    server.stop()


async def test_a_hub_whose_pages_never_end_stops_nothing_until_they_do(
    hub: RealHub, tmp_path: Path, wrong_pages: str
) -> None:
    await start(hub, "idle", idle=4000)
    env: dict[str, Any] = {"JUPYTERHUB_API_URL": wrong_pages}

    async with Culler(hub, tmp_path, *IDLE, pages=True, env=env) as culler:
        await culler.process.says("The sweep failed: HubAnswerInvalid")
        health = await culler.ask("GET", "health", TOKEN)
        assert health.json()["unwell"]["sweep"].startswith("The last sweep failed")
        assert await running(hub) == {"idle/"}
        WrongPages.wrong = False
        await culler.process.says("Stopping server idle")
        await culler.swept()

    assert outcomes(tmp_path) == {"idle": "stopped"}
