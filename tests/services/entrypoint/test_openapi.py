"""The document holds, and no request that it allows makes the service fail."""

from __future__ import annotations

from typing import Any

import httpx
import schemathesis
from anyio import to_thread
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness.hub import RealHub

from .visits import SERVICE

CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


async def test_no_request_makes_the_service_fail_or_leave_its_document(
    hub: RealHub,
) -> None:
    await hub.api("POST", "/users/fuzz")
    token = (await hub.api("POST", "/users/fuzz/tokens", json={}))["token"]
    headers = {"Authorization": f"token {token}"}
    async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
        answer = await http.get(f"{hub.origin}{SERVICE}api/openapi.json")
    document = answer.raise_for_status().json()
    await to_thread.run_sync(fuzz, document, hub.origin + SERVICE, headers)


def fuzz(document: dict[str, object], url: str, headers: dict[str, str]) -> None:
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 12
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
            if "user" in case.path_parameters:
                case.path_parameters["user"] = "fuzz"
            if "system" in case.path_parameters:
                case.path_parameters["system"] = "cori"
            case.call_and_validate(
                base_url=url.rstrip("/"), headers=headers, checks=CHECKS
            )

        hold()
