"""The table: the routes that the Hub wants, and the entries that make Traefik obey.

It knows nothing of stores or of time. Routes go in, and out comes the `Change` that
leads from what was wanted before to what is wanted now, so that one route among ten
thousand costs a few entries and not ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from . import routes
from .entries import ROUTES, Change, Entry, Path
from .routes import Address, Route
from .sharding import Arrangement, Shard, arrange

ROUTERS: Path = ("http", "routers")
SERVICES: Path = ("http", "services")
INTERNAL = "internal"
"""The transport that shows the Hub's certificate to servers."""


@dataclass(frozen=True)
class Naming:
    """How the entries of one Hub are told from those of others.

    A name begins with a checksum, since Traefik compares each key of a key-value store
    with all names before it, letter by letter: 10,000 that begin alike take it ten
    seconds, and half a second if they differ in the first letter.
    """

    hub: str = "jupyterhub"

    def of(self, name: str) -> str:
        return f"{crc32(name.encode()):08x}-{self.hub}-{name}"

    def without_prefix(self, name: str) -> str:
        """What `of` was given; nothing if the name is not of this Hub."""
        prefix = f"-{self.hub}-"
        return name[8:].removeprefix(prefix) if name[8:].startswith(prefix) else ""

    def owns(self, path: Path) -> bool:
        return path[-1][8:].startswith(f"-{self.hub}-")


@dataclass(frozen=True)
class Door:
    """Where requests come in: entry points, and the hosts that this Hub answers to."""

    entrypoints: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    router: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else a router without a parent shall have, such as TLS."""
    internal_tls: bool = False
    """Whether servers with https want to see the Hub's own certificate."""


class Table:
    """Routes by address, and the entries that they amount to."""

    def __init__(self, naming: Naming, door: Door, *, nested: bool = True) -> None:
        self.naming = naming
        self.door = door
        self.nested = nested
        self.routes: dict[Address, Route] = {}
        self.entries: dict[Path, Entry] = {}
        self._arrangement = Arrangement()

    def update(self, wishes: Mapping[Address, Route | None]) -> Change:
        """Set routes, or remove those whose wish is None."""
        news = {a: r for a, r in wishes.items() if self.routes.get(a) != r}
        if not news:
            return Change()
        for address, route in news.items():
            if route is None:
                del self.routes[address]
            else:
                self.routes[address] = route
        before = self._arrangement
        self._arrangement = arrange(self.routes, nested=self.nested)
        return self._remember(self._difference(news, before, self._arrangement))

    def settle(self, base: Mapping[Path, Entry]) -> Change:
        """Entries that do not depend on routes."""
        put = {p: e for p, e in base.items() if self.entries.get(p) != e}
        return self._remember(Change(put))

    def _remember(self, change: Change) -> Change:
        change.remove = [p for p in change.remove if p in self.entries]
        self.entries.update(change.put)
        for path in change.remove:
            del self.entries[path]
        return change

    def _difference(
        self,
        news: Mapping[Address, Route | None],
        before: Arrangement,
        after: Arrangement,
    ) -> Change:
        kept = {a: r for a, r in news.items() if r is not None}
        gone = [a for a, r in news.items() if r is None]
        shards = [s for p, s in after.shards.items() if before.shards.get(p) != s]
        moved = [a for a, p in after.parents.items() if _moved(a, p, before)]
        change = Change()
        for address, route in kept.items():
            change.put[self._at(SERVICES, address)] = self._service(route.target)
        for shard in shards:
            change.put.update(self._shard(shard))
        for address in moved:
            router = self._router(address, after.parents[address])
            change.put[self._at(ROUTERS, address)] = router
        for address, route in kept.items():
            change.put[self._at(ROUTES, address)] = route.as_json()
        change.remove = self._leftovers(gone, before, after, change.put)
        return change

    def _leftovers(
        self,
        gone: Iterable[Address],
        before: Arrangement,
        after: Arrangement,
        put: Mapping[Path, Entry],
    ) -> list[Path]:
        """What nothing refers to any more, whatever refers to others first."""
        gone = list(gone)
        paths = [self._at(ROUTERS, a) for a in gone]
        for prefix, shard in reversed(before.shards.items()):
            if after.shards.get(prefix) != shard:
                paths += [p for p in self._shard(shard) if p not in put]
        paths += [self._at(SERVICES, a) for a in gone]
        paths += [self._at(ROUTES, a) for a in gone]
        return paths

    def _at(self, section: Path, address: Address) -> Path:
        return (*section, self.naming.of(routes.route_name(address)))

    def _service(self, target: str) -> Entry:
        balancer: dict[str, Any] = {"servers": [{"url": target}]}
        if self.door.internal_tls and target.startswith("https:"):
            balancer["serversTransport"] = self.naming.of(INTERNAL)
        return {"loadBalancer": balancer}

    def _router(self, address: Address, parent: str | None) -> Entry:
        hosts = self.door.hosts if parent is None else ()
        return {
            "rule": routes.rule(address, hosts),
            "priority": address.priority,
            "service": self.naming.of(routes.route_name(address)),
            **self._place(parent),
        }

    def _shard(self, shard: Shard) -> dict[Path, Entry]:
        """A router without a service, and the fallbacks that it holds."""
        name = self.naming.of(routes.shard_name(shard.prefix))
        hosts = self.door.hosts if shard.parent is None else ()
        entries: dict[Path, Entry] = {
            (*ROUTERS, name): {
                "rule": routes.prefix_rule(shard.prefix, hosts),
                "priority": shard.priority,
                **self._place(shard.parent),
            }
        }
        for address in shard.fallbacks:
            fallback = self.naming.of(routes.fallback_name(shard.prefix, address))
            path = (*ROUTERS, fallback)
            entries[path] = {
                "rule": routes.host_rule(address),
                "priority": address.priority,
                "service": self.naming.of(routes.route_name(address)),
                "parentRefs": [name],
            }
        return entries

    def _place(self, parent: str | None) -> dict[str, Any]:
        if parent is None:
            return {"entryPoints": list(self.door.entrypoints), **self.door.router}
        return {"parentRefs": [self.naming.of(routes.shard_name(parent))]}


def _moved(address: Address, parent: str | None, before: Arrangement) -> bool:
    return before.parents.get(address, address) != parent
