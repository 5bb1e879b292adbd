"""Many routes -> a shallow tree of routers.

Traefik tries its routers one after the other, so a flat table of 10,000 routes is
slow for every request. Since Traefik 3.6 routers can be nested: a *shard* is a router
for all paths that begin with some characters, and only what it holds is tried within
it. Here is decided which shards there are, and which route lies in which; nothing in
here knows how either is written down.

A shard that matches and holds no route for the request must still reach the route
above it, so it lists its `fallbacks`: the routes outside of it which cover it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .routes import Address

FLAT = 256
"""Up to so many routes, a flat table is simpler and as fast."""

NODE = 16
"""What a node of the tree should hold at most."""

SMALL = 4
"""Groups up to this size are not worth a shard of their own."""

DEEPEST = 16
"""Names like a, aa, aaa … must not build a tower."""


@dataclass(frozen=True)
class Shard:
    """A router for every path that begins with `prefix`."""

    prefix: str
    parent: str | None
    fallbacks: tuple[Address, ...]

    @property
    def priority(self) -> int:
        """Just above the routes that it takes requests from."""
        outer = max((a.priority for a in self.fallbacks), default=0)
        return max(outer, len(self.prefix)) + 1


@dataclass
class Arrangement:
    """Which shards there are, each after its parent, and where each route lies."""

    shards: dict[str, Shard] = field(default_factory=dict)
    parents: dict[Address, str | None] = field(default_factory=dict)


class _Group(NamedTuple):
    """Routes next to each other that begin with the same characters."""

    start: int
    end: int
    prefix: str

    @property
    def size(self) -> int:
        return self.end - self.start


def arrange(addresses: Iterable[Address], *, nested: bool = True) -> Arrangement:
    """Lay out a table; the same routes always give the same arrangement."""
    ordered = sorted(addresses)
    if not nested or len(ordered) <= FLAT:
        return Arrangement(parents=dict.fromkeys(ordered))
    arrangement = Arrangement()
    whole = _Group(0, len(ordered), "")
    _fill(arrangement, ordered, whole, None, _by_path(ordered), 0)
    if sum(len(s.fallbacks) for s in arrangement.shards.values()) > len(ordered):
        # Many hosts over the same paths: every shard would repeat them all.
        return Arrangement(parents=dict.fromkeys(ordered))
    return arrangement


def _by_path(ordered: list[Address]) -> dict[str, list[Address]]:
    index: dict[str, list[Address]] = {}
    for address in ordered:
        index.setdefault(address.path, []).append(address)
    return index


def _fill(
    arrangement: Arrangement,
    ordered: list[Address],
    group: _Group,
    parent: str | None,
    by_path: Mapping[str, list[Address]],
    depth: int,
) -> None:
    for child in _children(ordered, group):
        if child.size <= SMALL or child.prefix == parent or depth == DEEPEST:
            members = ordered[child.start : child.end]
            arrangement.parents.update(dict.fromkeys(members, parent))
        else:
            covering = fallbacks(child.prefix, by_path)
            shard = Shard(child.prefix, parent, covering)
            arrangement.shards[shard.prefix] = shard
            _fill(arrangement, ordered, child, shard.prefix, by_path, depth + 1)


def _children(ordered: list[Address], group: _Group) -> list[_Group]:
    """Split the largest part again and again, for as long as a node has room."""
    if group.size <= NODE:
        return [group]
    parts = _split(ordered, group)
    while (largest := max(parts, key=lambda part: part.size)).size > NODE:
        finer = _split(ordered, largest)
        if len(finer) == 1 or len(parts) + len(finer) - 1 > NODE:
            break
        parts.remove(largest)
        parts.extend(finer)
    return parts


def _split(ordered: list[Address], group: _Group) -> list[_Group]:
    """Part a group by the first character in which its paths differ."""
    first, last = ordered[group.start].path, ordered[group.end - 1].path
    common = _common_prefix(first, last)
    parts = []
    start = group.start
    while start < group.end:
        path = ordered[start].path
        prefix = path[: len(common) + 1]
        if len(path) == len(common):
            end = start + 1
        else:
            end = _end_of(ordered, prefix, start, group.end)
        parts.append(_Group(start, end, prefix))
        start = end
    return parts


def _common_prefix(one: str, other: str) -> str:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return one[:index]
    return min(one, other, key=len)


def _end_of(ordered: list[Address], prefix: str, start: int, end: int) -> int:
    size = len(prefix)
    return bisect_right(ordered, prefix, start, end, key=lambda a: a.path[:size])


def fallbacks(prefix: str, by_path: Mapping[str, list[Address]]) -> tuple[Address, ...]:
    """The nearest route above a prefix, for each host that has one."""
    nearest: dict[str, Address] = {}
    end = prefix.rfind("/")
    while end >= 0:
        for address in by_path.get(prefix[:end], ()):
            nearest.setdefault(address.host, address)
        end = prefix.rfind("/", 0, end)
    return tuple(nearest.values())
