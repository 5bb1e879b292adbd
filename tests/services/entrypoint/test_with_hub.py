"""Servers that really start in what their users chose."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import HubError, RealHub

from .visits import SERVICE, add, enter, select, selection


async def environment_of(hub: RealHub, user: str, server: str = "") -> str:
    model = await hub.api("GET", f"/users/{user}?include_stopped_servers=1")
    pid = model["servers"][server]["state"]["pid"]
    return await anyio.Path(f"/proc/{pid}/environ").read_text()


async def test_a_server_starts_in_what_its_user_selected_until_it_is_cleared(
    hub: RealHub, script: Path
) -> None:
    session = await enter(hub, "starter")
    added = await add(session, name="mine", type="script", entrypoint=str(script))
    await select(session, added["id"])
    await hub.start_server("starter")
    assert "CHOSEN_BY=script" in await environment_of(hub, "starter")
    await hub.stop_server("starter")

    await session.delete(selection("starter"))
    await hub.start_server("starter")
    assert "CHOSEN_BY" not in await environment_of(hub, "starter")
    await hub.stop_server("starter")


@both_hubs
async def test_the_hook_finds_the_service_by_itself(
    start_hub: StartHub, script: Path
) -> None:
    """Without an address, a token or a system in the configuration."""
    hub = await start_hub(
        """
from jupyterhub_suite import configure
from jupyterhub_suite.hub.spawners import pre_spawn_hook
c.Spawner.pre_spawn_hook = pre_spawn_hook
configure(c, services=["entrypoint"], entrypoint={
    "systems": [{"name": "only", "hostname": ""}],
    "entrypoint_types": [{"name": "script"}],
})
"""
    )
    session = await enter(hub, "o'brien")
    body = {"name": "mine", "type": "script", "entrypoint": str(script)}
    path = f"{SERVICE}users/o%27brien/systems/only"
    added = await session.post(path, json=body)
    assert added.status_code == 201, added.text
    await session.put(path, json={"id": added.json()["id"]})
    await hub.start_server("o'brien")
    assert "CHOSEN_BY=script" in await environment_of(hub, "o'brien")
    await hub.stop_server("o'brien")


async def test_a_named_server_has_its_own_selection_or_the_users(
    hub: RealHub, script: Path
) -> None:
    session = await enter(hub, "namer")
    added = await add(session, name="mine", type="script", entrypoint=str(script))
    await select(session, added["id"], server="special")
    await hub.start_server("namer", "special")
    assert "CHOSEN_BY=script" in await environment_of(hub, "namer", "special")
    await hub.stop_server("namer", "special")


async def test_a_form_chooses_by_id_and_only_what_one_may_use(
    hub: RealHub, script: Path
) -> None:
    owner = await enter(hub, "formowner")
    added = await add(owner, name="mine", type="script", entrypoint=str(script))
    await hub.start_server("formowner", options={"entrypoint": added["id"]})
    assert "CHOSEN_BY=script" in await environment_of(hub, "formowner")
    await hub.stop_server("formowner")
    with pytest.raises(HubError, match="no such entrypoint"):
        await hub.start_server("formthief", options={"entrypoint": added["id"]})


async def test_a_broken_selection_stops_the_start_with_a_message(
    hub: RealHub, script: Path
) -> None:
    session = await enter(hub, "breaker")
    added = await add(session, name="fragile", type="script", entrypoint=str(script))
    await select(session, added["id"])
    await anyio.Path(script).chmod(0o644)
    again = await session.get(f"{SERVICE}validate/users/breaker/systems/cori")
    assert again.json()["result"] is False
    with pytest.raises(HubError, match="not executable"):
        await hub.start_server("breaker")
    # Mended since: it is looked at again, and starts.
    await anyio.Path(script).chmod(0o755)
    await hub.start_server("breaker")
    await hub.stop_server("breaker")


async def test_a_shared_entrypoint_that_was_removed_is_named_at_the_start(
    hub: RealHub, script: Path
) -> None:
    alice, bob = await enter(hub, "alice"), await enter(hub, "bob")
    added = await add(alice, name="for science", type="script", entrypoint=str(script))
    shared = await alice.patch(
        f"{SERVICE}entrypoints/{added['id']}", json={"groups": ["science"]}
    )
    assert shared.status_code == 200, shared.text
    await select(bob, added["id"])
    await alice.delete(f"{SERVICE}entrypoints/{added['id']}")
    lost = await bob.get(selection("bob"))
    assert (lost.status_code, "for science" in lost.text) == (410, True)
    with pytest.raises(HubError, match="for science"):
        await hub.start_server("bob")
