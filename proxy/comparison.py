"""The routing table as each party sees it, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .entries import ROUTES, Entry, Path
from .errors import BadRoute
from .routes import Address, Route, address_of, route_name
from .table import Naming

View = dict[Address, str] | str
"""The target of each route, or why nothing is known."""

Views = dict[str, View]


class Comparison(NamedTuple):
    text: str
    differing: int
    """How many routes differ."""


def hub_view(routes: Mapping[str, Mapping[str, Any]]) -> View:
    """From the Hub's API."""
    return {Address.parse(spec): route["target"] for spec, route in routes.items()}


def store_view(entries: Mapping[Path, Entry], naming: Naming) -> dict[Address, str]:
    view = {}
    for path, entry in entries.items():
        if path[:-1] == ROUTES and naming.owns(path):
            try:
                route = Route.from_json(entry)
                view[Address.parse(route.spec)] = route.target
            except BadRoute:
                continue
    return view


def traefik_view(
    rawdata: Mapping[str, Any], naming: Naming, known: Iterable[Address]
) -> View:
    """From Traefik's API, where routes have names instead of addresses.

    A long name tells its address only to who knows that already.
    """
    named = {route_name(address): address for address in known}
    routers = {name.partition("@")[0] for name in rawdata.get("routers") or {}}
    view = {}
    for full_name, service in (rawdata.get("services") or {}).items():
        name = full_name.partition("@")[0]
        own = naming.without_prefix(name)
        address = named.get(own) or address_of(own)
        if address is not None and name in routers:
            servers = service.get("loadBalancer", {}).get("servers") or [{}]
            view[address] = servers[0].get("url", "")
    return view


def compare(views: Views, *, only_differing: bool = False) -> Comparison:
    known = {name: view for name, view in views.items() if not isinstance(view, str)}
    addresses = sorted({address for view in known.values() for address in view})
    lines = [f"{name}: {view}" for name, view in views.items() if isinstance(view, str)]
    count = 0
    for address in addresses:
        targets = {name: view.get(address) for name, view in known.items()}
        differs = len({_plain(target) for target in targets.values()}) > 1
        count += differs
        if differs:
            lines.append(f"! {_spec(address)}")
            lines += [f"    {name}: {t or 'missing'}" for name, t in targets.items()]
        elif not only_differing:
            lines.append(f"  {_spec(address)} -> {next(iter(targets.values()))}")
    lines.append(f"{len(addresses)} routes, {count} differ, seen by {', '.join(known)}")
    return Comparison("\n".join(lines) + "\n", count)


def _plain(target: str | None) -> str | None:
    return target.rstrip("/") if target else None


def _spec(address: Address) -> str:
    return f"{address.host}{address.path}/"
