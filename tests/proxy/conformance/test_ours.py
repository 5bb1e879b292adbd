"""Our own proxies keep the promises, but for the differences in the docs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest
from traitlets.config.loader import PyFileConfigLoader

from tests.harness.etcd import Etcd
from tests.harness.redis import Redis
from tests.proxy.conformance.control import REPOSITORY
from tests.proxy.conformance.suite import assert_conforms

DIFFERENCES = Path(__file__).with_name("traefik.py")

EMBEDDED = "TraefikFileProviderProxy"
QUICK = ["-m", "not slow"]
# What depends on the Hub; bytes that pass do not.
HUBS_PART = "routes or the_hubs_table or hosts or base_url or restart or last_activity"
# Class -> what its configuration says of the store: {etcd} and {redis} are URLs.
PROXIES = {
    EMBEDDED: "",
    "TraefikEtcdProxy": "c.TraefikEtcdProxy.etcd_url = '{etcd}'",
    "TraefikRedisProxy": "c.TraefikRedisProxy.redis_url = '{redis}'",
    "TraefikHTTPProviderProxy": "",
}


@pytest.mark.parametrize("name", PROXIES)
async def test_our_proxy_conforms(
    name: str,
    tmp_path: Path,
    hub_python: Path,
    start_etcd: Callable[..., Awaitable[Etcd]],
    start_redis: Callable[..., Awaitable[Redis]],
) -> None:
    store = PROXIES[name]
    if "{etcd}" in store:
        store = store.format(etcd=(await start_etcd()).endpoints[0])
    elif "{redis}" in store:
        store = store.format(redis=(await start_redis()).url)
    # How long a body may last is Traefik's business, not the store's.
    kept = [] if name == EMBEDDED else QUICK
    await conforms(name, tmp_path, store, *kept, python=hub_python)


@pytest.mark.parametrize("jupyterhub_version", ["5"])
async def test_the_embedded_proxy_conforms_in_jupyterhub_5(
    tmp_path: Path, hub_python: Path
) -> None:
    await conforms(EMBEDDED, tmp_path, "", "-k", HUBS_PART, python=hub_python)


async def conforms(
    name: str, folder: Path, store: str, *arguments: str, python: Path
) -> None:
    config = folder / "conf.py"
    config.write_text(f"{DIFFERENCES.read_text()}\n{store}\n")
    hold = partial(assert_conforms, python=python)
    proxy_class = f"--proxy-class=jupyterhub_suite.proxy.classes.{name}"
    await anyio.to_thread.run_sync(
        hold, folder, proxy_class, f"--proxy-config={config}", *arguments
    )


def test_the_known_differences_are_in_the_docs() -> None:
    loader = PyFileConfigLoader(DIFFERENCES.name, path=str(DIFFERENCES.parent))
    docs = (REPOSITORY / "docs/conformance.md").read_text()
    for test, reason in loader.load_config().Conformance.known_differences.items():
        assert f"| `{test}` | {reason} |" in docs
