"""The access log says who came when, and shows nothing that opens a door."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.harness.processes import wait_for
from tests.proxy.conftest import StartProxy, in_a_file

SECRETS = {
    "cookie": ("", {"Cookie": "jupyterhub-session-id=c00kie"}, "c00kie"),
    "header": ("", {"Authorization": "token t0ken"}, "t0ken"),
    "query": ("?token=qu3ry", {}, "qu3ry"),
    "path": ("invitation/p4th", {}, "p4th"),
    "referer": ("", {"Referer": "http://hub/?token=r3ferer"}, "r3ferer"),
    "login": ("", {"X-Forwarded-User": "us3r"}, "us3r"),
}


@in_a_file
async def test_requests_are_logged_without_what_is_secret_in_them(
    start_proxy: StartProxy, backend: Callable[[str], str], tmp_path: Path
) -> None:
    file = tmp_path / "access.log"
    proxy = await start_proxy(access_log=str(file))
    await proxy.add_route("/user/a/", backend("a"), {})
    async with httpx.AsyncClient(trust_env=False, base_url=proxy.public_url) as client:
        for below, headers, _ in SECRETS.values():
            await client.get(f"/user/a/{below}", headers=headers)

    async def served() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        seen = [line for line in lines if "route-user-a" in line.get("ServiceName", "")]
        return seen if len(seen) >= len(SECRETS) else []

    for line in await wait_for(served, what="six lines in the access log"):
        assert line["DownstreamStatus"] == 200
        assert line["ClientHost"] == "127.0.0.1"
    text = file.read_text()
    assert [kind for kind, (*_, secret) in SECRETS.items() if secret in text] == []
