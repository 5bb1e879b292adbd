"""Who is who: the Hub and its proxy, the browser, and servers for Alice and Bob."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.proxy import Proxy
from traitlets.config import Config

from jupyterhub_suite.proxy.testing.browser import Browser
from jupyterhub_suite.proxy.testing.hub import (
    THE_HUB,
    HubUnderTest,
    import_from,
    read_config,
    running_hub,
)
from jupyterhub_suite.proxy.testing.servers import Server, Servers, servers as _servers
from jupyterhub_suite.proxy.testing.settings import (
    Conformance,
    conformance,
    names_no_test,
    why_it_differs,
)

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: lasts longer than a minute")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    ours = [item for item in items if item.path.parent == HERE]
    settings = conformance(_given_config(config))
    for item in ours:
        reason = why_it_differs(item.name, settings.known_differences)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    if _is_whole_suite(session):
        _refuse_unknown(ours, settings)


def _is_whole_suite(session: pytest.Session) -> bool:
    return not any("::" in arg or arg.endswith(".py") for arg in session.config.args)


def _refuse_unknown(items: list[pytest.Item], settings: Conformance) -> None:
    names = [item.name for item in items]
    unknown = names_no_test(names, settings.known_differences)
    if unknown:
        raise pytest.UsageError(
            f"c.Conformance.known_differences names no test of the suite: {unknown}"
        )


def _given_config(config: pytest.Config) -> Config:
    file, proxy_class = config.option.proxy_config, config.option.proxy_class
    if not (file or proxy_class):
        raise pytest.UsageError(
            "which proxy? Say --proxy-class=my.Proxy, or --proxy-config=FILE with a "
            "JupyterHub configuration that sets c.JupyterHub.proxy_class"
        )
    if file and not Path(file).is_file():
        raise pytest.UsageError(f"--proxy-config={file}: there is no such file")
    return read_config(file or "", proxy_class or "")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """JupyterHub and tornado speak asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session")
def hub_config(pytestconfig: pytest.Config) -> Config:
    import_from(pytestconfig.invocation_params.dir)
    return _given_config(pytestconfig)


@pytest.fixture(scope="session")
def settings(hub_config: Config) -> Conformance:
    return conformance(hub_config)


@pytest.fixture(scope="module")
async def server(anyio_backend: str) -> AsyncIterator[Servers]:
    """`server("alice")` is a server that says it is Alice's."""
    async with _servers() as running:
        yield running


@pytest.fixture(scope="module")
def hub_settings() -> dict[str, Any]:
    """What a module wants of its JupyterHub beyond the given configuration."""
    return {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the Hub runs: proxies keep files in its working directory."""
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("hub")
        patch.chdir(path)
        yield path


@pytest.fixture(scope="module")
async def running(
    hub_config: Config, hub_settings: dict[str, Any], folder: Path, server: Servers
) -> AsyncIterator[HubUnderTest]:
    async with running_hub(hub_config, server(THE_HUB), **hub_settings) as hub:
        yield hub


@pytest.fixture
async def hub(running: HubUnderTest) -> AsyncIterator[HubUnderTest]:
    yield running
    await running.forget_everything()


@pytest.fixture
def proxy(hub: HubUnderTest) -> Proxy:
    return hub.proxy


@pytest.fixture
def browser(running: HubUnderTest, settings: Conformance) -> Browser:
    return Browser(running.public_url, settings.patience)


@pytest.fixture
def alice(server: Servers) -> Server:
    return server("alice")


@pytest.fixture
def bob(server: Servers) -> Server:
    return server("bob")
