"""The document holds, and no request that it allows makes the service fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio import to_thread
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness.hub import RealHub
from tests.services.culler.hubs import Culler, running, start

CHECKS = [
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.parametrize("who", ["ann", "admin"])
async def test_no_request_makes_the_service_fail_or_leave_its_document(
    hub: RealHub, tmp_path: Path, who: str
) -> None:
    await start(hub, "ann", idle=100)
    token = (await hub.api("POST", f"/users/{who}/tokens", json={}))["token"]
    flags = ["--timeout=3600", "--CullerService.lease_hours=8"]
    async with Culler(hub, tmp_path, *flags, pages=True) as culler:
        await culler.swept()
        document = (await culler.ask("GET", "api/openapi.json", token)).json()

        await to_thread.run_sync(fuzz, document, culler.url, token)

    assert "Traceback" not in culler.log
    # Whoever may stop others has to name them.
    assert await running(hub) == {"ann/"}


def fuzz(document: dict[str, object], url: str, token: str) -> None:
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 9
    for operation in operations:

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def hold(case: schemathesis.Case) -> None:
            if case.query and "user" in case.query:
                case.query["user"] = "ann"
            case.call_and_validate(
                base_url=url.rstrip("/"),
                headers={"Authorization": f"token {token}"},
                checks=CHECKS,
            )

        hold()
