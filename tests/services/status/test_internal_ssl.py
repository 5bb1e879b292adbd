"""The service under a Hub with internal SSL: every stage of a spawn check passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyterhub_suite.services.status.registration import CHECK_USER
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for

CONFIGURATION = """
from jupyterhub_suite import configure

configure(c, services=["status"], status={{
    "storage_path": {storage!r},
    "start_delay": 4,
    "checks": [{{"name": "hub"}}, {{"name": "proxy"}}, {{"name": "spawn"}}],
}})
"""


async def test_checks_pass_through_a_hub_with_internal_ssl(tmp_path: Path) -> None:
    text = CONFIGURATION.format(storage=str(tmp_path / "data"))
    async with RealHub(tmp_path / "hub", text, internal_ssl=True) as hub:
        url, json_please = f"{hub.url}services/status/", {"Accept": "application/json"}

        async def looked() -> dict[str, Any] | None:
            answer = await hub.client().get(url, headers=json_please)
            status = answer.json()
            return status if all(check["time"] for check in status["checks"]) else None

        status = await wait_for(looked, what="three results", deadline=90)
        assert status is not None
        codes = {check["name"]: check["code"] for check in status["checks"]}
        assert codes == dict.fromkeys(("hub", "proxy", "spawn"), "OK"), json.dumps(
            status, indent=1
        )
        assert CHECK_USER not in [
            user["name"] for user in await hub.api("GET", "/users")
        ]
