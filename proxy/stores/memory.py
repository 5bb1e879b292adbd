"""A store in a dictionary: for tests, and the shortest example of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..entries import Change, Entry, Path
from ..errors import StoreError
from .base import Store


class MemoryStore(Store):
    """Holds entries; raises `failure` instead, while that is set."""

    provider = "memory"

    def __init__(self) -> None:
        self.entries: dict[Path, Entry] = {}
        self.failure: StoreError | None = None
        self.writes = 0

    def static(self) -> dict[str, Any]:
        return {}

    async def load(self) -> Mapping[Path, Entry]:
        self._fail()
        return dict(self.entries)

    async def write(self, change: Change) -> None:
        self._fail()
        self.writes += 1
        self.entries.update(change.put)
        for path in change.remove:
            self.entries.pop(path, None)
        self.entries.update(change.seal)

    def _fail(self) -> None:
        if self.failure:
            raise self.failure
