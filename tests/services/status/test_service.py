"""The service under a real Hub: page, JSON, API, forms, metrics, and one run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.browser import Browser, width_that_overflows
from tests.harness.hub import RealHub
from tests.harness.processes import Process, wait_for

JOB_TOKEN = "a-job's-own-token"
# What schemathesis cannot know: who may do what, and that a notice which fits its
# schema may still make no sense, as when it ends before it begins.
SAID_OTHERWISE = (
    "unsupported_method,ignored_auth,missing_required_header,positive_data_acceptance"
)
CONFIGURATION = """
from jupyterhub_suite import configure

configure(c, services=["status"], status={{
    "storage_path": {storage!r},
    "start_delay": 4,
    "checks": [
        {{"name": "hub", "interval": 5}},
        {{"name": "proxy"}},
        {{"name": "broken", "kind": "http", "url": "http://127.0.0.1:9/",
          "title": "A <b>broken</b> part", "interval": 3600}},
        {{"name": "backup", "kind": "heartbeat", "token": "a-job's-own-token"}},
    ],
}})
c.JupyterHub.load_roles += [
    {{"name": "reader", "scopes": ["read:metrics"], "services": ["harness"]}},
]
"""


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("status-hub")
    text = CONFIGURATION.format(storage=str(folder / "data"))
    async with RealHub(folder, text) as hub:

        async def looked() -> bool:
            checks = (await ask(hub, "api/checks")).json()
            return all(check["time"] for check in checks)

        await wait_for(looked, what="the first results", deadline=60)
        yield hub


async def ask(
    hub: RealHub, path: str = "", method: str = "GET", token: str = "", **options: Any
) -> httpx.Response:
    headers = {"Accept": "application/json", **options.pop("headers", {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    url = f"{hub.url}services/status/{path}"
    return await hub.client().request(method, url, headers=headers, **options)


async def test_json_is_what_egis_probe_reads(hub: RealHub) -> None:
    answer = await ask(hub)
    assert answer.status_code == 200
    status = answer.json()
    assert {"time", "code", "msg"} <= set(status)
    assert status["code"] == "CRITICAL"
    assert status["msg"].startswith("A <b>broken</b> part: request: No answer")
    codes = {check["name"]: check["code"] for check in status["checks"]}
    assert codes == {
        "hub": "OK",
        "proxy": "OK",
        "broken": "CRITICAL",
        "backup": "UNKNOWN",
    }
    assert "details" not in status["checks"][0]["last"]


async def test_health_is_503_when_critical(hub: RealHub) -> None:
    answer = await ask(hub, "api/health")
    assert (answer.status_code, answer.json()["code"]) == (503, "CRITICAL")


async def test_what_a_stranger_may_not_do(hub: RealHub) -> None:
    notice = {"kind": "announcement", "title": "Hi", "begin": 1}
    assert (await ask(hub, "api/checks/hub/run", "POST")).status_code == 401
    assert (await ask(hub, "api/notices", "POST", json=notice)).status_code == 401
    alice = await hub.login("alice")
    await alice.get(f"{hub.url}services/status/login")
    answer = await alice.post(f"{hub.url}services/status/notices", data=notice)
    assert answer.status_code == 403
    assert (await ask(hub, "api/notices")).json() == []


async def test_a_check_is_run_at_once_when_asked_for(hub: RealHub) -> None:
    asked = time.time()
    answer = await ask(hub, "api/checks/broken/run", "POST", hub.token)
    assert answer.status_code == 202

    async def ran() -> bool:
        path = f"api/checks/broken/results?after={asked}"
        return bool((await ask(hub, path)).json())

    await wait_for(ran, what="a result of the run")


async def test_a_job_reports_in_with_its_own_token(hub: RealHub) -> None:
    wrong = await ask(hub, "api/heartbeats/backup", "POST", "not-the-right-token")
    other = await ask(hub, "api/heartbeats/hub", "POST", JOB_TOKEN)
    assert (wrong.status_code, other.status_code) == (401, 401)
    report = {"code": "WARNING", "msg": "3 of 4 disks"}
    right = await ask(hub, "api/heartbeats/backup", "POST", JOB_TOKEN, json=report)
    assert right.status_code == 202

    async def shown() -> bool:
        state = (await ask(hub, "api/checks/backup")).json()
        return (state["code"], state["msg"]) == ("WARNING", "3 of 4 disks")

    await wait_for(shown, what="the report")


async def test_the_feed_and_the_badge_are_there(hub: RealHub) -> None:
    feed = await ask(hub, "feed.atom")
    assert feed.headers["Content-Type"] == "application/atom+xml"
    assert "broken: CRITICAL" in feed.text
    badge = await ask(hub, "badge.svg")
    assert "does not work" in badge.text


async def test_metrics_are_for_who_may_read_them(hub: RealHub) -> None:
    assert (await ask(hub, "metrics")).status_code == 401
    answer = await ask(hub, "metrics", token=hub.token)
    families = {f.name for f in text_string_to_metric_families(answer.text)}
    assert {
        "jupyterhub_suite_status_state",
        "jupyterhub_suite_status_runs",
        "jupyterhub_suite_status_stage_duration_seconds",
        "jupyterhub_suite_status_last_success_timestamp_seconds",
        "jupyterhub_suite_hub_active_users",
    } <= families


async def test_the_page_in_a_browser(hub: RealHub, browser: Browser) -> None:
    admin = await hub.login("admin")
    page = await browser.new_page(session=admin)
    await page.goto(f"{hub.url}services/status/login")
    await page.get_by_role("heading", name="Something does not work").wait_for()
    await page.get_by_role("heading", name="A <b>broken</b> part CRITICAL").wait_for()
    assert await page.locator("svg.status-days rect").count() == 4 * 90

    await page.get_by_text("Write an announcement or plan").click()
    await page.get_by_label("Kind").select_option("maintenance")
    await page.get_by_label("Title").fill("New <i>disks</i>")
    await page.get_by_label("Begin").fill("2026-01-01T10:00")
    await page.get_by_label("End").fill("2036-01-01T10:00")
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_role("heading", name="Maintenance: New <i>disks</i>").wait_for()

    await page.get_by_text("Change or withdraw").click()
    await page.get_by_role("button", name="Withdraw").click()
    await page.get_by_text("(withdrawn)").wait_for()
    (notice,) = (await ask(hub, "api/notices")).json()
    history = (await ask(hub, f"api/notices/{notice['id']}/history")).json()
    assert [told["withdrawn"] for told in history] == [False, True]
    browser.assert_no_complaints()


@pytest.mark.parametrize(("phone", "dark"), [(True, True), (False, False)])
async def test_the_page_fits(
    hub: RealHub, browser: Browser, phone: bool, dark: bool
) -> None:
    page = await browser.new_page(phone=phone, dark=dark)
    await page.goto(f"{hub.url}services/status/")
    assert await width_that_overflows(page) == 0
    browser.assert_no_complaints()


async def test_the_api_is_what_its_description_says(hub: RealHub) -> None:
    description = (await ask(hub, "api/openapi.json")).json()
    description["servers"] = [{"url": f"{hub.url}services/status"}]
    schema = schemathesis.openapi.from_dict(description)
    folder = hub.folder / "openapi.json"
    folder.write_text(json.dumps(description))
    assert len(list(schema.get_all_operations())) >= 14
    argv: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"),
        "run",
        folder,
        "--url",
        f"{hub.url}services/status",
        "--header",
        f"Authorization: Bearer {hub.token}",
        "--max-examples",
        "8",
        "--phases",
        "examples,coverage,fuzzing",
        "--exclude-checks",
        SAID_OTHERWISE,
        "--exclude-path-regex",
        "heartbeats|health",
        "--seed",
        "5",
        "--no-color",
    ]
    async with Process("schemathesis", argv, hub.folder) as process:
        status = await process.wait()
        assert status == 0, process.log[-5000:]


async def once(hub: RealHub, *argv: str, **env: str) -> tuple[int, str]:
    """The command's exit status and what it printed."""
    command = [sys.executable, "-m", "jupyterhub_suite.services.status", *argv]
    name = f"once-{time.monotonic_ns()}"
    async with Process(name, command, hub.folder, env=env) as process:
        status = await process.wait()
        return status, process.log


@pytest.mark.parametrize(
    ("url", "status", "word"),
    [("hub/health", 0, "OK"), ("nowhere", 2, "CRITICAL")],
)
async def test_one_run_ends_as_nagios_wants(
    hub: RealHub, tmp_path: Path, url: str, status: int, word: str
) -> None:
    options = {"name": "web", "kind": "http", "url": f"{hub.url}{url}"}
    settings = tmp_path / "status_config.py"
    settings.write_text(f"c.StatusService.checks = [{options!r}]")
    env = {"JUPYTERHUB_API_URL": hub.api_url, "JUPYTERHUB_API_TOKEN": hub.token}
    code, said = await once(hub, "--once", "web", f"--config={settings}", **env)
    assert code == status, said
    assert said.startswith(f"STATUS {word} - web: ")
    assert " | 'web'=" in said


async def test_a_single_run_needs_nowhere_to_keep_anything(
    hub: RealHub, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.touch()
    settings = tmp_path / "status_config.py"
    settings.write_text(f"c.StatusService.storage_path = {str(in_the_way)!r}")
    env = {"JUPYTERHUB_API_URL": hub.api_url, "JUPYTERHUB_API_TOKEN": hub.token}
    code, said = await once(hub, "--once", "hub", f"--config={settings}", **env)
    assert code == 0, said


async def test_egis_environment_starts_one_run(hub: RealHub, tmp_path: Path) -> None:
    status_file = tmp_path / "status.json"
    env = {
        "MONITORED_URL": hub.url,
        "JUPYTERHUB_API_TOKEN": hub.token,
        "JUPYTERHUB_USER": "monitor",
        "SPAWN_TIMEOUT": "0.01",
        "STATUS_FILE": str(status_file),
        "SINGLERUN": "1",
    }
    code, said = await once(hub, **env)
    assert code == 2, said
    assert "Not done after 0.01 s" in said
    status = json.loads(status_file.read_text())
    assert set(status) == {"time", "code", "msg"}
    assert status["code"] == "CRITICAL"


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"JUPYTERHUB_API_TOKEN": ""}, "JUPYTERHUB_API_TOKEN"),
        ({"SERVICE_TYPE": "ftp"}, "SERVICE_TYPE"),
        ({"SPAWN_TIMEOUT": "soon"}, "SPAWN_TIMEOUT"),
    ],
)
async def test_a_wrong_setting_is_unknown_to_nagios(
    hub: RealHub, env: dict[str, str], said: str
) -> None:
    right = {"MONITORED_URL": hub.url, "JUPYTERHUB_API_TOKEN": "x", "SINGLERUN": "1"}
    code, printed = await once(hub, **{**right, **env})
    assert code == 3
    assert said in printed
    assert "Traceback" not in printed
