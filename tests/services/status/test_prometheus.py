"""What is in deploy/: rules that promtool tests, a dashboard that shows something."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.harness.hub import ROOT, RealHub
from tests.harness.parts import need
from tests.harness.processes import wait_for
from tests.harness.prometheus import Prometheus

# One Hub for all of them, and not one for each worker.
pytestmark = pytest.mark.xdist_group("status-prometheus")

RULES = ROOT / "deploy/prometheus"
DASHBOARD = json.loads((ROOT / "deploy/grafana/status.json").read_text())
CONFIGURATION = """
from jupyterhub_suite import configure

configure(c, services=["status"], status={{
    "storage_path": {storage!r},
    "start_delay": 4,
    "hub_metrics": 1,
    "checks": [
        {{"name": "hub", "interval": 1}},
        {{"name": "broken", "kind": "http", "url": "http://127.0.0.1:9/",
          "interval": 1}},
    ],
}})
c.JupyterHub.load_roles += [
    {{"name": "reader", "scopes": ["read:metrics"], "services": ["harness"]}},
]
"""


TARGETS = {
    panel["title"]: target
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}


def lost(written: Any, read: Any, path: str = "") -> Iterator[str]:
    """What of a document Grafana's own types did not take in."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from lost(value, read.get(key), f"{path}.{key}")
    elif isinstance(written, list) and isinstance(read, list):
        for number, (mine, theirs) in enumerate(zip(written, read, strict=True)):
            yield from lost(mine, theirs, f"{path}[{number}]")
    elif written != read:
        yield f"{path}: {written!r} is read as {read!r}"


def as_grafana_reads(document: dict[str, Any]) -> Any:
    register_default_plugins()
    return json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(document)))


def test_the_dashboard_is_one_to_grafana() -> None:
    assert list(lost(DASHBOARD, as_grafana_reads(DASHBOARD))) == []


def test_a_word_that_grafana_does_not_know_is_seen() -> None:
    wrong = {**DASHBOARD, "panels": [{**DASHBOARD["panels"][0], "tittle": "State"}]}
    (said,) = lost(wrong, as_grafana_reads(wrong))
    assert said.startswith(".panels[0].tittle")


async def test_promtool_passes_the_rules_and_their_tests() -> None:
    promtool = need("prometheus").with_name("promtool")
    for command in (
        ("check", "rules", "status.rules.yml"),
        ("test", "rules", "status.rules.test.yml"),
    ):
        argv = [str(promtool), *command]
        done = await anyio.run_process(argv, cwd=RULES, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
async def prometheus(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Prometheus]:
    """One that scraped the real service, on a Hub where a server runs."""
    folder = tmp_path_factory.mktemp("status-prometheus")
    text = CONFIGURATION.format(storage=str(folder / "data"))
    async with RealHub(folder / "hub", text) as hub:
        await hub.api("POST", "/groups/physics")
        await hub.start_server("alice", options={"profile": "small", "image": "lab"})
        await hub.api("POST", "/groups/physics/users", json={"users": ["alice"]})
        target = hub.origin.removeprefix("http://")
        job = {
            "job_name": "status",
            "metrics_path": "/services/status/metrics",
            "authorization": {"credentials": hub.token},
            "static_configs": [{"targets": [target]}],
        }
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES / "status.rules.yml")],
            "scrape_configs": [job],
        }
        async with Prometheus(folder / "prometheus", configuration) as prometheus:
            yield prometheus


@pytest.mark.parametrize("title", TARGETS)
async def test_every_panel_shows_something(prometheus: Prometheus, title: str) -> None:
    # As Grafana asks with "All" chosen.
    expression = TARGETS[title]["expr"].replace("$check", ".+")

    async def shown() -> list[dict[str, Any]]:
        found = await prometheus.query(expression)
        return [one for one in found if one["value"][1] != "NaN"]

    series = await wait_for(shown, what=expression)
    named = re.findall(r"{{(\w+)}}", TARGETS[title].get("legendFormat", ""))
    assert set(named) <= set(series[0]["metric"])


async def test_the_alert_of_a_failing_check_is_pending(prometheus: Prometheus) -> None:
    async def pending() -> list[dict[str, Any]]:
        return await prometheus.query('ALERTS{alertname="JupyterHubCheckCritical"}')

    (alert,) = await wait_for(pending, what="an alert")
    assert alert["metric"]["check"] == "broken"
    assert alert["metric"]["alertstate"] == "pending"
