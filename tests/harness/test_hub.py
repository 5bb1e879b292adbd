from __future__ import annotations

import ssl

import httpx
import pytest

from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import HubError
from tests.harness.processes import ProcessError


@both_hubs
async def test_a_user_logs_in_and_works_on_a_server(
    start_hub: StartHub, jupyterhub_version: str
) -> None:
    hub = await start_hub()
    assert (await hub.api("GET", "/"))["version"].startswith(jupyterhub_version)
    alice = await hub.login("alice")

    events = await hub.start_server("alice")

    assert events[-1]["ready"]
    lab = await alice.get("/user/alice/lab")
    assert lab.url.path == "/user/alice/lab"
    created = await alice.post("/user/alice/api/contents", json={"type": "file"})
    assert created.status_code == 201
    await hub.stop_server("alice")
    assert await hub.servers("alice") == {}


@both_hubs
async def test_with_internal_ssl_the_hub_is_reached_by_certificate_only(
    start_hub: StartHub,
) -> None:
    hub = await start_hub(internal_ssl=True)
    alice = await hub.login("alice")
    await hub.start_server("alice")
    assert (await alice.get("/user/alice/lab")).status_code == 200

    async with httpx.AsyncClient(verify=hub.internal_tls()) as known:
        assert (await known.get(hub.api_url)).status_code == 200
    async with httpx.AsyncClient(verify=False) as stranger:
        # Which of the two it is depends on who is faster.
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await stranger.get(hub.api_url)


async def test_servers_outlive_a_crash_of_the_hub(start_hub: StartHub) -> None:
    hub = await start_hub()
    alice = await hub.login("alice")
    await hub.start_server("alice")
    await alice.get("/user/alice/lab")
    before = (await hub.servers("alice"))[""]["started"]

    await hub.kill()
    await hub.start()

    assert (await hub.servers("alice"))[""]["started"] == before
    assert (await alice.get("/user/alice/api/status")).status_code == 200


async def test_changes_by_cookie_bring_their_xsrf_token(start_hub: StartHub) -> None:
    hub = await start_hub()
    alice = await hub.login("alice")
    token = "/hub/api/users/alice/tokens"
    assert (await alice.post(token, json={})).status_code == 201

    forged = await alice.post(token, json={}, headers={"X-XSRFToken": "no"})

    assert forged.status_code == 403


async def test_settings_reach_the_hub_and_wrong_logins_are_errors(
    start_hub: StartHub,
) -> None:
    hub = await start_hub(
        text="c.JupyterHub.services = [{'name': 'mine'}]",
        settings={"DummyAuthenticator": {"password": "let me in"}},
        base_path="/deep/",
    )

    await hub.login("alice", "let me in")
    with pytest.raises(HubError, match="login of 'alice': 403"):
        await hub.login("alice", "wrong")
    assert set(await hub.api("GET", "/services")) == {"mine", "harness"}


async def test_a_hub_that_cannot_start_shows_why(start_hub: StartHub) -> None:
    with pytest.raises(ProcessError, match="no such thing"):
        await start_hub(text="raise RuntimeError('no such thing')")
