"""The contract: what a store of routes must do.

A store holds entries where every Traefik can read them. It is the only thing that is
peculiar to a proxy class, and this page is all that the author of one must know. The
shortest example is `memory.py`; the tests that hold for all of them are in
``tests/proxy/stores/test_contract.py``.

Errors: `StoreUnavailable` if nobody answers, so that it is worth trying again, and
`StoreRefused` if somebody answers and says no. A store may hold entries of others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..entries import Change, Entry, Path


class Store(ABC):
    """Where Traefik reads its dynamic configuration from."""

    provider: str
    """Traefik's name for such a store: what follows the ``@`` in its API."""

    @abstractmethod
    def static(self) -> dict[str, Any]:
        """The section `providers` of the static configuration, to read this store."""

    async def open(self) -> None:
        """Get ready; called once, before anything else."""
        return

    @abstractmethod
    async def load(self) -> Mapping[Path, Entry]:
        """All entries that the store holds."""

    @abstractmethod
    async def write(self, change: Change) -> None:
        """Carry out a change: all of it at once if the store can, else in its order.

        When it raises, some of the change may have been done; the caller will
        `load` before it writes again.
        """

    async def peek(self, path: Path) -> Entry | None:
        """One entry as the store holds it now; a cheap one, asked for every now and then.

        Not the entry as we remember it: this is how a flushed store is noticed.
        """
        return (await self.load()).get(path)

    async def close(self) -> None:
        """Let go of connections and files; the entries stay."""
        return
