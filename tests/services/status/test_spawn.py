"""The spawn check against a real Hub: a healthy one, and each way to fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from jupyterhub_suite.services.status.checks.base import Site
from jupyterhub_suite.services.status.checks.spawn import TEST_FILE
from jupyterhub_suite.services.status.model import Code
from jupyterhub_suite.services.status.registration import CHECK_USER, REGISTRATION
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import RealHub

from .sites import CASES, TOKEN, at, hub_settings, run, site_of

STAGES = ["clean up", "user", "start", "open", "kernel", "code", "file", "stop"]


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("spawn-hub")
    async with RealHub(folder, CASES, hub_settings()) as hub:
        yield hub


@pytest.fixture
async def site(hub: RealHub) -> AsyncIterator[Site]:
    async with site_of(hub) as site:
        yield site


async def check_users(hub: RealHub) -> list[str]:
    names = [user["name"] for user in await hub.api("GET", "/users")]
    return [name for name in names if name.startswith(CHECK_USER)]


@both_hubs
async def test_a_user_can_work_and_every_stage_is_timed(start_hub: StartHub) -> None:
    hub = await start_hub(CASES, hub_settings())
    async with site_of(hub) as site:
        result = await run(site, kind="spawn")
    assert (result.code, result.msg) == (Code.OK, result.msg), result
    assert [stage.name for stage in result.stages] == STAGES
    assert all(stage.seconds > 0 for stage in result.stages)
    assert await check_users(hub) == []


async def test_a_notebook_is_run_cell_by_cell(
    hub: RealHub, site: Site, tmp_path: Path
) -> None:
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "markdown", "source": "not code"},
        {"cell_type": "code", "source": "raise ValueError(f'no {x + y}')"},
    ]
    path = tmp_path / "tour.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    result = await run(site, kind="spawn", notebook=str(path), server_name="tour")
    assert result.code is Code.CRITICAL
    assert result.msg == "notebook: The cell failed: ValueError: no 3"
    assert await check_users(hub) == []


async def test_a_server_that_never_starts_is_named_with_its_progress(
    hub: RealHub, site: Site
) -> None:
    options = {"case": "never starts"}
    result = await run(site, kind="spawn", user_options=options)
    assert result.code is Code.CRITICAL
    assert result.failed_stage == "start"
    assert result.msg.startswith("start: The server did not start: ")
    assert any("failed" in line for line in result.details)
    assert await check_users(hub) == []


async def test_a_start_that_takes_too_long_is_ended(hub: RealHub, site: Site) -> None:
    result = await run(site, kind="spawn", timeout=1)
    assert (result.code, result.failed_stage) == (Code.CRITICAL, "start")
    assert result.msg == "start: Not done after 1 s"
    assert await check_users(hub) == []


async def test_a_command_that_ends_at_once_is_critical(
    hub: RealHub, site: Site
) -> None:
    options = {"case": "ends at once"}
    # A check of another kind had this name before, and left a note.
    await site.memo.write({"known": "x"})
    result = await run(site, kind="spawn", user_options=options)
    assert (result.code, result.failed_stage) == (Code.CRITICAL, "start")
    assert await check_users(hub) == []


async def test_a_kernel_that_dies_is_named(
    hub: RealHub, site: Site, tmp_path: Path
) -> None:
    kernel = tmp_path / "kernels/dying"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-c", "import os; os._exit(1)"]
    kernel.joinpath("kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Dying", "language": "python"})
    )
    options = {"case": "kernel dies", "path": str(tmp_path)}
    result = await run(site, kind="spawn", user_options=options, timeout=60)
    assert (result.code, result.failed_stage) == (Code.CRITICAL, "kernel")
    assert "kernel died" in result.msg
    assert await check_users(hub) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of the smallest size, filled to the brim."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: it needs root")
    try:
        with (folder / "filling").open("wb", buffering=0) as filling:
            while True:
                filling.write(b"x" * 4096)
    except OSError:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_named(hub: RealHub, site: Site, full_disk: Path) -> None:
    options = {"case": "disk is full", "path": str(full_disk)}
    result = await run(site, kind="spawn", user_options=options)
    assert (result.code, result.failed_stage) == (Code.CRITICAL, "file")
    assert "No space left on device" in result.msg
    assert not (full_disk / TEST_FILE).exists()
    assert await check_users(hub) == []


async def test_a_proxy_without_the_route_is_named(hub: RealHub, site: Site) -> None:
    # What no route takes reaches the Hub: as if all went there.
    result = await run(at(site, f"{hub.hub_origin}/"), kind="spawn")
    assert (result.code, result.failed_stage) == (Code.CRITICAL, "open")
    assert "The proxy has no route to /user/status-check/" in result.msg
    assert await check_users(hub) == []


async def test_what_a_crashed_run_left_is_removed(hub: RealHub, site: Site) -> None:
    left = f"{CHECK_USER}-0a1b2c3d"
    await hub.start_server(CHECK_USER)
    await hub.start_server(left)
    await site.memo.write({"user": CHECK_USER})
    result = await run(site, kind="spawn", user_options={"case": "ends at once"})
    assert result.failed_stage == "start"
    assert await check_users(hub) == [left]
    await hub.stop_server(left)
    await hub.api("DELETE", f"/users/{left}")


async def test_a_user_that_was_there_before_stays(hub: RealHub, site: Site) -> None:
    await hub.api("POST", f"/users/{CHECK_USER}")
    result = await run(site, kind="spawn", user_options={"case": "ends at once"})
    assert result.failed_stage == "start"
    assert await check_users(hub) == [CHECK_USER]
    await hub.api("DELETE", f"/users/{CHECK_USER}")


async def test_a_brand_new_user_comes_and_goes(start_hub: StartHub) -> None:
    wide = ("admin:users", "admin:servers", "access:servers")
    hub = await start_hub(CASES, hub_settings(wide))
    async with site_of(hub) as site:
        result = await run(site, kind="spawn", new_user=True)
    assert result.code is Code.OK, result
    assert f"A server for {CHECK_USER}-" in result.msg
    assert await check_users(hub) == []


async def test_a_token_without_a_scope_is_unknown_and_says_which(
    start_hub: StartHub,
) -> None:
    scopes = tuple(s for s in REGISTRATION.scopes if not s.startswith("admin:servers"))
    hub = await start_hub(CASES, hub_settings(scopes))
    async with site_of(hub) as site:
        result = await run(site, kind="spawn")
        assert (result.code, result.failed_stage) == (Code.UNKNOWN, "start")
        assert "servers" in result.msg
        assert TOKEN not in str(result)
    assert await check_users(hub) == []
