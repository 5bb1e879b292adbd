"""The command line and the settings, as operators use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for
from jupyterhub_idle_culler import IdleCuller

from jupyterhub_suite.services.culler.app import CullerService
from jupyterhub_suite.services.culler.openapi import PATHS, describe
from jupyterhub_suite.services.culler.parts import make_channels, make_rules
from jupyterhub_suite.services.errors import SettingError
from tests.harness.hub import RealHub
from tests.services.culler.hubs import TOKEN, Culler, running, start

# Those of traitlets itself, and those that every service of ours has.
SHARED = {"config_file", "generate_config", "show_config", "show_config_json"}
SHARED |= {"log_level", "log_format", "log_datefmt", "logging_config"}


def service(*flags: str) -> CullerService:
    app = CullerService()
    app.initialize(list(flags))
    return app


def test_every_setting_and_flag_of_the_peer_is_one_of_ours() -> None:
    theirs = set(IdleCuller.class_trait_names(config=True)) - SHARED
    assert theirs <= set(CullerService.class_trait_names(config=True))
    ours = {name for each in CullerService.aliases for name in as_names(each)}
    assert set(IdleCuller.aliases) <= ours
    assert set(IdleCuller.flags) <= set(CullerService.flags)


def as_names(alias: object) -> tuple[str, ...]:
    return alias if isinstance(alias, tuple) else (str(alias),)


def test_the_defaults_are_the_peers() -> None:
    theirs, ours = IdleCuller(), service()
    for name in sorted(set(IdleCuller.class_trait_names(config=True)) - SHARED):
        if name not in ("url", "cull_arbiter_hook"):
            assert getattr(ours, name) == getattr(theirs, name), name


def test_a_configuration_file_of_the_peer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "idle_culler_config.py"
    path.write_text("c.IdleCuller.timeout = 7\nc.IdleCuller.cull_users = True\n")

    app = service(f"--config={path}", "--max-age=9")

    assert (app.timeout, app.cull_users, app.max_age) == (7, True, 9)
    assert service(f"--config={path}", "--timeout=8").timeout == 8


def test_flags_are_taken_with_and_without_a_value() -> None:
    assert service("--cull-users").cull_users
    assert not service("--cull-users=false").cull_users
    assert service("--url=http://hub/hub/api").api_url == "http://hub/hub/api"


def test_what_is_set_wrong_is_named() -> None:
    with pytest.raises(SettingError, match="timezone is 'Mars/Olympus'"):
        make_rules(service("--CullerService.timezone=Mars/Olympus"))
    with pytest.raises(SettingError, match="webhook_url: expected http"):
        make_channels(service("--CullerService.webhook_url=ftp://x"))


def test_without_a_hub_it_says_what_is_missing(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "jupyterhub_suite.services.culler"]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert "api_url (or $JUPYTERHUB_API_URL)" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_dry_run_prints_what_would_go_and_stops_nothing(
    hub: RealHub, tmp_path: Path
) -> None:
    await start(hub, "idle", idle=4000)
    await start(hub, "used")
    flags = ["--timeout=3600", "--dry-run"]

    async with Culler(hub, tmp_path, *flags) as culler:
        assert await culler.process.wait() == 0

    lines = culler.log.splitlines()
    assert lines[0].split()[:2] == ["server", "action"]
    assert [line.split()[:2] for line in lines[1:]] == [
        ["idle", "stop"],
        ["used", "keep"],
    ]
    assert await running(hub) == {"idle/", "used/"}


async def test_busy_kernels_hold_a_server_for_as_long_as_the_site_says(
    hub: RealHub, tmp_path: Path
) -> None:
    busy: dict[str, Any] = {"kernels": [{"execution_state": "busy", "connections": 0}]}
    await start(hub, "computes", idle=4000, **busy)
    await start(hub, "too-long", idle=9000, **busy)
    await start(hub, "idle", idle=4000, kernels=[{"execution_state": "idle"}])
    flags = ["--timeout=3600", "--CullerService.busy_hold=3600"]
    flags.append(f"--CullerService.servers_url={hub.origin}")

    async with Culler(hub, tmp_path, *flags) as culler:
        await culler.swept()

    assert await running(hub) == {"computes/"}


def test_the_api_is_described_by_schemas_that_hold() -> None:
    described = json.loads(json.dumps(describe("/services/culler/")))
    assert described["openapi"] == "3.1.0"
    for operations in PATHS.values():
        for operation in operations.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    validator_for(content["schema"])
    served = {path for path, _ in CullerService().routes() if path.startswith("api/")}
    assert served == {*PATHS, "api/openapi.json"}


def test_the_token_is_in_no_words_of_the_service() -> None:
    assert TOKEN not in repr(service(f"--CullerService.api_token={TOKEN}"))
