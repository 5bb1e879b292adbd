"""The program as an operator runs it: by its old name, with wrong settings, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from jupyterhub_suite.ports import free_port
from tests.harness.processes import Process, wait_for

SETTINGS = """
c.EntrypointService.systems = [{"name": "cori", "hostname": ""}]
c.EntrypointService.entrypoint_types = [{"name": "script"}]
"""


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.parametrize(
    "module", ["jupyterhub_entrypoint", "jupyterhub_suite.services.entrypoint"]
)
def test_a_configuration_file_is_printed_with_every_setting(
    tmp_path: Path, module: str
) -> None:
    printed = run(tmp_path, module, "--generate-config")
    assert printed.returncode == 0, printed.stderr
    for setting in (
        "EntrypointService.systems",
        "EntrypointService.entrypoint_types",
        "EntrypointService.additional_handlers",
        "EntrypointService.storage_path",
        "EntrypointService.database_url",
        "EntrypointService.about_text",
        "EntrypointService.template_paths",
        "APIBaseHandler.validator",
    ):
        assert f"# c.{setting} = " in printed.stdout


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("c.EntrypointService.systems = [{'name': 'a/b'}]", "'a/b'"),
        ("c.EntrypointService.entrypoint_types = [{'name': ''}]", "entrypoint_types"),
        ("c.EntrypointService.system = []", "Did you mean systems?"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(
    tmp_path: Path, line: str, part: str
) -> None:
    tmp_path.joinpath("entrypoint_config.py").write_text(line)
    refused = run(tmp_path, "jupyterhub_entrypoint", "upgrade-db")
    served = run(
        tmp_path,
        "jupyterhub_entrypoint",
        "--url=http://127.0.0.1:1",
        "--EntrypointService.api_url=http://127.0.0.1:1",
        "--EntrypointService.api_token=x",
    )
    assert part in refused.stderr + served.stderr
    assert served.returncode == 1
    assert "Traceback" not in served.stderr


HUB = """
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler
import asyncio, sys

class User(RequestHandler):
    def get(self):
        self.finish({"kind": "user", "name": "alice", "groups": [],
                     "scopes": ["access:services"]})

async def main():
    Application([(".*", User)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_kill_during_writes_loses_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    hub_port, port = free_port(), free_port()
    tmp_path.joinpath("entrypoint_config.py").write_text(SETTINGS)
    tmp_path.joinpath("hub.py").write_text(HUB)
    url = f"http://127.0.0.1:{port}/services/entrypoint/"
    env = {
        "JUPYTERHUB_SERVICE_URL": url,
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": "0123456789abcdef",
    }
    argv = [sys.executable, "-m", "jupyterhub_suite.services.entrypoint"]
    kept: list[str] = []
    async with Process(
        "hub", [sys.executable, "hub.py", str(hub_port)], tmp_path
    ) as hub:
        await hub.listens(hub_port)
        async with Process("first", argv, tmp_path, env=env) as first:
            await first.listens(port)
            await write_until_killed(url, first, kept)
        async with Process("second", argv, tmp_path, env=env) as second:
            await second.listens(port)
            async with client() as http:
                found = (await http.get(f"{url}users/alice/export")).json()
    names = {one["name"] for one in found["entrypoints"]}
    assert len(kept) >= 30
    assert set(kept) <= names


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, headers={"Authorization": "token x"})


async def write_until_killed(url: str, service: Process, kept: list[str]) -> None:
    """Write, and note what was acknowledged; kill it in the middle."""
    async with client() as http:
        for number in range(1000):
            if number == 30:
                service.send_signal(signal.SIGKILL)
            body = {"name": f"n{number}", "type": "script", "entrypoint": "/bin/sh"}
            try:
                answer = await http.post(f"{url}users/alice/systems/cori", json=body)
            except httpx.HTTPError:
                return
            assert answer.status_code == 201, answer.text
            kept.append(body["name"])


CHECKED_BY_ITSELF = """
import asyncio
from jupyterhub_suite.services.entrypoint.validators import BaseValidator

class Looks(BaseValidator):
    busy = most = 0

    async def validate(self, user, path, entrypoint_type, hosts):
        Looks.busy += 1
        Looks.most = max(Looks.most, Looks.busy)
        await asyncio.sleep(0.02)
        Looks.busy -= 1
        with open("most", "w") as file:
            file.write(str(Looks.most))
        try:
            open(path).close()
        except OSError:
            return False, "It is gone."
        return True, "It is there."

c.EntrypointService.systems = [{"name": name, "hostname": ""} for name in "abcdefg"]
c.EntrypointService.entrypoint_types = [{"name": "script"}]
c.EntrypointService.validator = Looks()
c.EntrypointService.check_interval = 0.2
c.EntrypointService.check_concurrency = 3
"""


async def test_what_is_selected_is_checked_again_by_itself_a_few_at_a_time(
    tmp_path: Path,
) -> None:
    hub_port, port = free_port(), free_port()
    tmp_path.joinpath("entrypoint_config.py").write_text(CHECKED_BY_ITSELF)
    tmp_path.joinpath("hub.py").write_text(HUB)
    script = tmp_path / "start.sh"
    script.touch()
    url = f"http://127.0.0.1:{port}/services/entrypoint/"
    env = {
        "JUPYTERHUB_SERVICE_URL": url,
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": "0123456789abcdef",
    }
    argv = [sys.executable, "-m", "jupyterhub_suite.services.entrypoint"]
    async with (
        Process("hub", [sys.executable, "hub.py", str(hub_port)], tmp_path) as hub,
        Process("service", argv, tmp_path, env=env) as service,
        client() as http,
    ):
        await hub.listens(hub_port)
        await service.listens(port)
        body = {"name": "mine", "type": "script", "entrypoint": str(script)}
        systems = list("abcdefg")
        added = await http.post(
            f"{url}users/alice/systems/a", json={**body, "systems": systems}
        )
        for system in systems:
            path = f"{url}users/alice/systems/{system}"
            (await http.put(path, json={"id": added.json()["id"]})).raise_for_status()

        async def all_are(result: bool) -> bool:
            shown = (await http.get(f"{url}users/alice/systems/a")).json()["checks"]
            return {check["result"] for check in shown.values()} == {result}

        script.unlink()
        await wait_for(lambda: all_are(False), what="the fault on all systems")
        script.touch()
        await wait_for(lambda: all_are(True), what="that it is mended")
    assert tmp_path.joinpath("most").read_text() == "3"
