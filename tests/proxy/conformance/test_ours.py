"""Our own proxies keep the promises, but for the differences in the docs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio.to_thread
import pytest
from traitlets.config.loader import PyFileConfigLoader

from tests.harness.etcd import Etcd
from tests.harness.redis import Redis
from tests.proxy.conformance.control import REPOSITORY
from tests.proxy.conformance.suite import assert_conforms

DIFFERENCES = Path(__file__).with_name("traefik.py")

# Class -> what its configuration says of the store: {etcd} and {redis} are URLs.
PROXIES = {
    "TraefikFileProviderProxy": "",
    "TraefikEtcdProxy": "c.TraefikEtcdProxy.etcd_url = '{etcd}'",
    "TraefikRedisProxy": "c.TraefikRedisProxy.redis_url = '{redis}'",
    "TraefikHTTPProviderProxy": "",
}


@pytest.mark.parametrize("name", PROXIES)
async def test_our_proxy_conforms(
    name: str,
    tmp_path: Path,
    start_etcd: Callable[..., Awaitable[Etcd]],
    start_redis: Callable[..., Awaitable[Redis]],
) -> None:
    store = PROXIES[name]
    quick = name != "TraefikFileProviderProxy"
    if "{etcd}" in store:
        store = store.format(etcd=(await start_etcd()).endpoints[0])
    elif "{redis}" in store:
        store = store.format(redis=(await start_redis()).url)
    config = tmp_path / "conf.py"
    config.write_text(f"{DIFFERENCES.read_text()}\n{store}\n")
    await anyio.to_thread.run_sync(
        assert_conforms,
        tmp_path,
        f"--proxy-class=jupyterhub_suite.proxy.classes.{name}",
        f"--proxy-config={config}",
        # How long a body may last is Traefik's business, not the store's.
        *(["-m", "not slow"] if quick else []),
    )


def test_the_known_differences_are_in_the_docs() -> None:
    loader = PyFileConfigLoader(DIFFERENCES.name, path=str(DIFFERENCES.parent))
    docs = (REPOSITORY / "docs/conformance.md").read_text()
    for test, reason in loader.load_config().Conformance.known_differences.items():
        assert f"| `{test}` | {reason} |" in docs
