"""All real parts, as fixtures.

``start_…`` is a function that a test calls as often as it likes; what it starts is
its own to break, and is ended after the test. Fixtures without ``start_`` are
shared by all tests of a worker: keep to keys, databases and folders of your own.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import playwright.async_api
import pytest

from tests.harness import processes
from tests.harness.browser import Browser, launch
from tests.harness.docker import Docker
from tests.harness.etcd import Etcd
from tests.harness.hub import ROOT, RealHub
from tests.harness.nginx import Nginx
from tests.harness.parts import need
from tests.harness.pebble import Pebble
from tests.harness.postgresql import PostgreSQL
from tests.harness.prometheus import Prometheus
from tests.harness.redis import Redis, Sentinel
from tests.harness.registry import Registry
from tests.harness.sshd import Sshd
from tests.harness.traefik import Traefik

# Put on a test that is to hold on both: `@both_hubs`.
both_hubs = pytest.mark.parametrize("jupyterhub_version", ["6", "5"])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """JupyterHub and tornado speak asyncio only."""
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """A failing test shows what its processes had to say."""
    report: Any = yield
    item.stash.setdefault(FAILED, []).extend([report.when] if report.failed else [])
    if report.failed:
        for process in processes.alive:
            report.sections.append((f"log of {process.name}", process.describe("")))
    return report


FAILED = pytest.StashKey[list[str]]()


@pytest.fixture
async def parts() -> AsyncIterator[AsyncExitStack]:
    """Holds all that a test starts, and ends the last of it first."""
    async with AsyncExitStack() as stack:
        yield stack


# The Hub


@pytest.fixture
def jupyterhub_version() -> str:
    """Which JupyterHub a test runs against; `@both_hubs` makes it two."""
    return "6"


@pytest.fixture
def hub_python(jupyterhub_version: str) -> Path:
    """The interpreter that runs the Hub."""
    if jupyterhub_version == "6":
        return Path(sys.executable)
    return need("hub5").with_name("python")


StartHub = Callable[..., Awaitable[RealHub]]


@pytest.fixture
def start_hub(parts: AsyncExitStack, tmp_path: Path, hub_python: Path) -> StartHub:
    """Start a real Hub: `hub = await start_hub(text, settings, …)`."""
    started = 0

    async def start(*args: Any, **options: Any) -> RealHub:
        nonlocal started
        started += 1
        folder = tmp_path / f"hub-{started}"
        hub = RealHub(folder, *args, **{"python": hub_python, **options})
        return await parts.enter_async_context(hub)

    return start


# Shared by all tests of a worker: keep to keys and databases of your own


@pytest.fixture(scope="session")
async def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[AsyncExitStack, Path]]:
    """Holds what all tests of a worker share, and where it lives."""
    async with AsyncExitStack() as stack:
        yield stack, tmp_path_factory.mktemp("shared")


Shared = tuple[AsyncExitStack, Path]


@pytest.fixture(scope="session")
async def etcd(shared: Shared) -> Etcd:
    """One member."""
    stack, folder = shared
    return await stack.enter_async_context(Etcd(folder / "etcd"))


@pytest.fixture(scope="session")
async def redis(shared: Shared) -> Redis:
    stack, folder = shared
    return await stack.enter_async_context(Redis(folder / "redis"))


@pytest.fixture(scope="session")
async def postgresql(shared: Shared) -> PostgreSQL:
    """`await postgresql.new_database()` is the URL of one for you alone."""
    stack, folder = shared
    return await stack.enter_async_context(PostgreSQL(folder / "postgresql"))


@pytest.fixture(scope="session")
async def sshd(shared: Shared) -> Sshd:
    stack, folder = shared
    return await stack.enter_async_context(Sshd(folder / "sshd"))


@pytest.fixture(scope="session")
async def docker(shared: Shared) -> Docker:
    """An engine without images; `@one_engine` keeps its tests on one worker."""
    stack, folder = shared
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    return await stack.enter_async_context(Docker(folder / "docker", cache))


one_engine = pytest.mark.xdist_group("docker")


# A test's own, to break


Start = Callable[..., Awaitable[Any]]


def starter(part: Callable[..., Any]) -> Any:
    """A fixture that starts such parts: `await start_…(…)` takes what it takes."""

    @pytest.fixture
    def start(parts: AsyncExitStack, tmp_path: Path) -> Start:
        numbers = itertools.count(1)

        async def started(*args: Any, **options: Any) -> Any:
            folder = tmp_path / f"{part.__name__.lower()}-{next(numbers)}"
            return await parts.enter_async_context(part(folder, *args, **options))

        return started

    return start


start_etcd = starter(Etcd)
start_nginx = starter(Nginx)
start_pebble = starter(Pebble)
start_postgresql = starter(PostgreSQL)
start_prometheus = starter(Prometheus)
start_redis = starter(Redis)
start_registry = starter(Registry)
start_sentinel = starter(Sentinel)
start_sshd = starter(Sshd)
start_traefik = starter(Traefik)


# The browser


@pytest.fixture(scope="session")
async def chromium(shared: Shared) -> playwright.async_api.Browser:
    return await launch(shared[0])


@pytest.fixture
async def browser(
    chromium: playwright.async_api.Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Browser]:
    """Pages in profiles of their own; a failed test leaves a picture of each."""
    browser = Browser(chromium)
    try:
        yield browser
        if request.node.stash.get(FAILED, []):
            await browser.keep_pages(request.node.nodeid.rpartition("::")[2])
    finally:
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> playwright.async_api.Page:
    """One page of a desktop's size, logged in nowhere."""
    return await browser.new_page()
