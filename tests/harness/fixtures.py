"""All real parts, as fixtures.

``start_…`` is a function that a test calls as often as it likes; what it starts is
its own to break, and is ended after the test. Fixtures without ``start_`` are
shared by all tests of a worker: keep to keys, databases and folders of your own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.harness import processes
from tests.harness.hub import RealHub
from tests.harness.parts import need

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
