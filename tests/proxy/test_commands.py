"""The commands for operators."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy import commands
from jupyterhub_suite.proxy.commands import look
from jupyterhub_suite.proxy.comparison import compare
from jupyterhub_suite.proxy.entries import Change
from jupyterhub_suite.proxy.table import Naming
from tests.harness.parts import need
from tests.harness.processes import Process
from tests.proxy.conftest import StartProxy, in_a_file

EXTERNAL = """
c.JupyterHub.bind_url = "https://hub.example.org"
c.TraefikProxy.traefik_api_url = "http://traefik:8099"
c.TraefikProxy.should_start = False
c.TraefikEtcdProxy.etcd_url = "http://etcd-0:2379,http://etcd-1:2379"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> str:
    path = tmp_path / "jupyterhub_config.py"
    path.write_text(EXTERNAL)
    return str(path)


def test_the_configuration_listens_where_it_runs(
    config_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.traefik_config(["-f", config_file, "--provider", "etcd"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    addresses = {n: e["address"] for n, e in printed["entryPoints"].items()}
    assert addresses == {"https": ":443", "auth_api": ":8099"}
    endpoints = printed["providers"]["etcd"]["endpoints"]
    assert endpoints == ["etcd-0:2379", "etcd-1:2379"]


def test_replicas_that_are_reached_from_elsewhere_listen_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "jupyterhub_config.py"
    one = 'c.TraefikProxy.traefik_api_url = "http://traefik:8099"'
    several = "c.TraefikProxy.traefik_api_urls = ['http://t-0:8099', 'http://t-1:8099']"
    path.write_text(EXTERNAL.replace(one, several))
    assert commands.traefik_config(["-f", str(path), "--provider", "etcd"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["entryPoints"]["auth_api"]["address"] == ":8099"


@pytest.mark.parametrize("provider", ["file", "redis", "consul"])
def test_an_older_traefik_is_not_told_what_it_does_not_know(
    provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["-f", "none.py", "--provider", provider, "--format", "json"]
    commands.traefik_config([*arguments, "--traefik-version", "3.5.0"])
    printed = json.loads(capsys.readouterr().out)
    assert "encodedCharacters" not in printed["entryPoints"]["http"]["http"]


async def test_the_real_traefik_accepts_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = f"http://127.0.0.1:{free_port()}"
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(
        f"c.TraefikProxy.traefik_api_url = {api!r}\n"
        f"c.TraefikFileProviderProxy.dynamic_config_file = '{tmp_path}/rules.toml'\n"
    )
    public = f"http://127.0.0.1:{free_port()}"
    commands.traefik_config(["-f", str(config), "--public-url", public])
    (tmp_path / "traefik.yml").write_text(capsys.readouterr().out)
    (tmp_path / "rules.toml").write_text("")
    command: list[str | Path] = [
        need("traefik"),
        f"--configfile={tmp_path}/traefik.yml",
    ]
    async with Process("traefik", command, tmp_path) as process:
        await process.listens(int(public.rpartition(":")[2]))


@in_a_file
async def test_what_differs_is_shown(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(patrol_interval=600)
    target = backend("a")
    await proxy.add_route("/user/a/", target, {})
    await proxy.add_route("/user/b/", target, {})
    views = await look(proxy, "http://127.0.0.1:1")
    assert compare(views).differing == 0
    store = proxy.make_store()
    await store.load()
    name = Naming().of("route-user-b")
    await store.write(Change({}, [("jupyterhub", "routes", name)], {}))
    comparison = compare(await look(proxy, "http://127.0.0.1:1"), only_differing=True)
    assert comparison.differing == 1
    assert "! /user/b/" in comparison.text
    assert "store: missing" in comparison.text
    assert "/user/a/" not in comparison.text
