"""Stores of keys and values: entries become pairs, and only what differs is written.

A leaf reads all pairs below some prefixes, and writes and deletes pairs. If it cannot
do that all at once it keeps to the order given, in which nothing refers to what is not
there yet, and whose last pair is the generation.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ..entries import Change, Entry, Path
from ..keys import flatten, unflatten
from .base import Store

Pairs = Mapping[str, str]


@dataclass
class Pass:
    """One change as pairs: to set, to delete after that, and to set at the very end."""

    put: dict[str, str]
    delete: list[str]
    seal: dict[str, str]


@dataclass(frozen=True)
class Roots:
    """Where in the store Traefik's configuration is, and where JupyterHub's own."""

    traefik: str = "traefik"
    jupyterhub: str = "jupyterhub"
    separator: str = "/"

    @property
    def prefixes(self) -> tuple[str, str]:
        return self.traefik + self.separator, self.jupyterhub + self.separator

    def key(self, path: Path) -> str:
        if path[0] == "jupyterhub":
            return self.separator.join((self.jupyterhub, *path[1:]))
        return self.separator.join((self.traefik, *path))

    def path(self, key: str) -> Path:
        """Of the entry to which a key belongs."""
        for prefix, above in zip(self.prefixes, ((), ("jupyterhub",)), strict=True):
            if key.startswith(prefix):
                parts = (*above, *key[len(prefix) :].split(self.separator))
                return parts[:3]
        raise ValueError(f"{key!r} lies outside of {self.prefixes}")


class KeyValueStore(Store):
    """Entries as pairs of strings."""

    def __init__(self, roots: Roots) -> None:
        self.roots = roots
        self._held: dict[Path, dict[str, str]] = {}
        """What the store holds, by entry, as far as we know."""

    @abstractmethod
    async def read_pairs(self, prefixes: Sequence[str]) -> Iterable[tuple[str, str]]:
        """All pairs whose key begins with one of the prefixes."""

    @abstractmethod
    async def write_pairs(self, step: Pass) -> None:
        """Carry out a step, all of it at once if possible."""

    async def load(self) -> Mapping[Path, Entry]:
        held: dict[Path, dict[str, str]] = {}
        for key, value in await self.read_pairs(self.roots.prefixes):
            held.setdefault(self.roots.path(key), {})[key] = value
        self._held = held
        return {path: self._entry(path, pairs) for path, pairs in held.items()}

    async def peek(self, path: Path) -> Entry | None:
        key = self.roots.key(path)
        pairs = dict(await self.read_pairs([key + self.roots.separator]))
        return self._entry(path, pairs) if pairs else None

    def _entry(self, path: Path, pairs: Pairs) -> Entry:
        key = self.roots.key(path)
        if pairs.keys() == {key}:
            return pairs[key]
        return unflatten(pairs.items(), key, self.roots.separator)

    async def write(self, change: Change) -> None:
        news = {path: self._flat(path, entry) for path, entry in change.put.items()}
        seal = {path: self._flat(path, entry) for path, entry in change.seal.items()}
        await self.write_pairs(self._step(news, change.remove, seal))
        self._held.update(news)
        self._held.update(seal)
        for path in change.remove:
            self._held.pop(path, None)

    def _flat(self, path: Path, entry: Entry) -> dict[str, str]:
        return flatten(entry, self.roots.key(path), self.roots.separator)

    def _step(
        self,
        news: Mapping[Path, Pairs],
        remove: Iterable[Path],
        seal: Mapping[Path, Pairs],
    ) -> Pass:
        put: dict[str, str] = {}
        delete: list[str] = []
        for path, pairs in news.items():
            held = self._held.get(path, {})
            put.update((k, v) for k, v in pairs.items() if held.get(k) != v)
            delete += [key for key in held if key not in pairs]
        for path in remove:
            delete += self._held.get(path, {})
        return Pass(put, delete, dict(chain(*(p.items() for p in seal.values()))))
