"""What goes wrong around a sweep: crashes, slow servers, lost words, missing rights."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyterhub_suite.services.culler.scopes import BASE, needed_scopes
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for
from tests.services.culler.hubs import (
    Culler,
    age,
    outcomes,
    running,
    start,
    users,
)

IDLE = ("--timeout=3600", "--cull-every=1")


async def test_servers_are_stopped_side_by_side_up_to_the_limit(
    hub: RealHub, tmp_path: Path
) -> None:
    before = await hub.api("GET", "/test/counts?reset=1")
    for number in range(9):
        await start(hub, f"slow-{number}", idle=4000, stop_seconds=0.5)

    async with Culler(hub, tmp_path, *IDLE, "--concurrency=3") as culler:
        await culler.swept()

    counts = await hub.api("GET", "/test/counts")
    assert counts["stops"] - before["stops"] == 9
    assert counts["most"] == 3


async def test_a_killed_culler_is_followed_by_one_that_knows_what_it_left(
    hub: RealHub, tmp_path: Path
) -> None:
    for number in range(3):
        await start(hub, f"slow-{number}", idle=4000, stop_seconds=2)
    async with Culler(hub, tmp_path, *IDLE, "--concurrency=3") as culler:

        async def under_way() -> bool:
            return list(outcomes(tmp_path).values()) == ["stopping"] * 3

        await culler.process.says("Stopping server")
        await wait_for(under_way, what="three stops noted")
        culler.process.send_signal(signal.SIGKILL)
        await culler.process.wait()
    assert set(outcomes(tmp_path).values()) == {"stopping"}

    async with Culler(hub, tmp_path, *IDLE) as culler:
        await culler.swept()
        done = {"stopped"}

        async def all_gone() -> bool:
            return not await running(hub)

        await wait_for(all_gone, what="all stopped")

    assert set(outcomes(tmp_path).values()) <= {*done, "failed"}
    assert "stopping" not in outcomes(tmp_path).values()


async def test_a_server_that_does_not_stop_is_reported_and_keeps_nobody_waiting(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "stubborn", idle=4000, stop_seconds=5)
    await start(hub, "plain", idle=4000)

    async with Culler(
        hub, tmp_path, *IDLE, "--CullerService.stop_patience=1"
    ) as culler:
        await culler.process.says("Server stubborn: slow")
        await culler.swept()

    assert outcomes(tmp_path)["plain"] == "stopped"
    assert outcomes(tmp_path)["stubborn"] == "slow"


async def test_exactly_the_least_scopes_are_enough(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "idle", idle=4000)
    token = await token_of(hub, needed_scopes({}))
    async with Culler(hub, tmp_path, *IDLE, token=token) as culler:
        await culler.swept()
    assert await running(hub) == set()


# Settings of which each needs a scope more than the least.
DEMANDING: dict[str, Any] = {
    "cull_users": True,
    "busy_hold": 3600,
    "rules": [
        {"name": "exam", "match": {"group": "exam"}, "never": True},
        {"name": "GPU", "match": {"state": {"gpu": True}}, "never": True},
    ],
    "user_rules": [{"name": "staff", "match": {"role": "admin"}, "never": True}],
}


async def test_exactly_the_scopes_that_settings_ask_for_are_enough(
    hub: RealHub, tmp_path: Path
) -> None:
    settings = {**DEMANDING, "servers_url": hub.origin}
    await start(hub, "idle", idle=4000)
    await start(hub, "examinee", idle=4000)
    await hub.api("POST", "/groups/exam")
    await hub.api("POST", "/groups/exam/users", json={"users": ["examinee"]})
    await start(hub, "gpu", idle=4000, gpu=True)
    await start(hub, "busy", idle=4000, kernels=[{"execution_state": "busy"}])
    await age(hub, {"user": "admin", "last_activity": 4000})
    token = await token_of(hub, needed_scopes(settings))

    async with Culler(
        hub, tmp_path, *IDLE, config=as_config(settings), token=token
    ) as culler:
        await culler.swept()

    assert await running(hub) == {"examinee/", "gpu/", "busy/"}, culler.log
    assert await users(hub) == {"admin", "examinee", "gpu", "busy"}, culler.log


@pytest.mark.parametrize(
    "lacking", sorted(needed_scopes({**DEMANDING, "servers_url": "x"}))
)
async def test_a_scope_that_is_missing_is_named_and_nothing_is_stopped(
    lacking: str, hub: RealHub, tmp_path: Path
) -> None:
    settings = {} if lacking in BASE else {**DEMANDING, "servers_url": hub.origin}
    if lacking == "read:users:groups":
        settings["cull_users"] = False  # whose read:users contains it
    await start(hub, "idle", idle=4000)
    scopes = [scope for scope in needed_scopes(settings) if scope != lacking]
    token = await token_of(hub, scopes)

    async with Culler(
        hub, tmp_path, *IDLE, config=as_config(settings), token=token
    ) as culler:
        await culler.process.says(rf"lacks scopes: .*{lacking} \(")

    assert await running(hub) == {"idle/"}


def as_config(settings: Mapping[str, Any]) -> str:
    lines = [f"c.CullerService.{name} = {value!r}" for name, value in settings.items()]
    return "\n".join(lines)


async def token_of(hub: RealHub, scopes: Iterable[str]) -> str:
    """A token of an admin that may do just this."""
    body = {"scopes": list(scopes)}
    return (await hub.api("POST", "/users/admin/tokens", json=body))["token"]
