from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.harness.hub import RealHub
from tests.services.culler.hubs import clear, culler_hub


@pytest.fixture(scope="session")
async def shared_hub(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RealHub]:
    folder = tmp_path_factory.mktemp("culled")
    scopes = ("delete:users", "read:users", "admin:server_state", "access:servers")
    async with culler_hub(folder, *scopes) as hub:
        yield hub


@pytest.fixture
async def hub(shared_hub: RealHub) -> AsyncIterator[RealHub]:
    """A Hub with a culler's role, empty at the start of each test."""
    yield shared_hub
    await clear(shared_hub)
