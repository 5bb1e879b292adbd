"""Does the public address lead to the Hub, and every route to a running server?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ..model import Code, Finding, worst
from .base import Check, CheckFailed, Journal, Site
from .certificate import judge_certificate, seconds_left

# Servers come and go while we compare: what differs twice, so long apart, is wrong.
SECOND_LOOK = 3.0


@dataclass(frozen=True)
class Difference:
    """Servers that no route leads to, and routes that lead to no server."""

    missing: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()

    def __and__(self, other: Difference) -> Difference:
        return Difference(self.missing & other.missing, self.stale & other.stale)

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale)

    def __str__(self) -> str:
        parts = {"without a route": self.missing, "without a server": self.stale}
        return "; ".join(
            f"{len(paths)} {what} ({', '.join(sorted(paths)[:3])})"
            for what, paths in parts.items()
            if paths
        )


def compare(
    routes: Iterable[str], ready: Iterable[str], active: Iterable[str], users: str
) -> Difference:
    """Routes below `users` against the paths of servers that are ready or active.

    With subdomains a route begins with its host; its path says as much.
    """
    paths = {unquote(route[route.index("/") :]) for route in routes if "/" in route}
    led = {path for path in paths if path.startswith(users)}
    return Difference(
        frozenset({unquote(path) for path in ready} - led),
        frozenset(led - {unquote(path) for path in active}),
    )


class ProxyCheck(Check):
    kind = "proxy"
    interval = 300
    options = {
        "warn_days": {"type": "number", "minimum": 0, "default": 14},
        "critical_days": {"type": "number", "minimum": 0, "default": 3},
        "routes": {"type": "boolean", "default": True},
    }

    async def probe(self, site: Site, journal: Journal) -> Finding:
        found: list[Finding] = []
        if site.public_url.startswith("https://"):
            with journal.stage("certificate"):
                left = await seconds_left(site.public_url, site.tls)
            limits = self["warn_days"], self["critical_days"]
            found.append(judge_certificate(left, *limits))
        with journal.stage("login page"):
            found.append(await self._login_page(site))
        if self["routes"]:
            with journal.stage("routes"):
                found.append(await self._routes(site))
        code = worst(finding.code for finding in found)
        numbers = {k: v for finding in found for k, v in finding.numbers.items()}
        return Finding(code, "; ".join(finding.msg for finding in found), numbers)

    async def _login_page(self, site: Site) -> Finding:
        url = f"{site.public_url}hub/login"
        response = await site.web.get(url)
        # An authenticator of its own may send people on at once.
        if response.status_code != 200 and not response.has_redirect_location:
            raise CheckFailed(f"{url} answered {response.status_code}, no login page")
        if "X-JupyterHub-Version" not in response.headers:
            raise CheckFailed(f"{url} was answered, but not by a JupyterHub")
        return Finding(Code.OK, f"{site.public_url} leads to the Hub")

    async def _routes(self, site: Site) -> Finding:
        difference, count = await self._look(site)
        if difference:
            await asyncio.sleep(SECOND_LOOK)
            again, count = await self._look(site)
            difference &= again
        if difference.missing:
            raise CheckFailed(f"Routes and servers differ: {difference}")
        if difference:
            return Finding(Code.WARNING, f"routes and servers differ: {difference}")
        return Finding(Code.OK, f"{count} routes, as they should be", {"routes": count})

    async def _look(self, site: Site) -> tuple[Difference, int]:
        routes = [route async for route in site.hub.pages("proxy")]
        users = [user async for user in site.hub.pages("users", state="active")]
        servers = [server for user in users for server in user["servers"].values()]
        difference = compare(
            routes,
            ready=[server["url"] for server in servers if server["ready"]],
            active=[server["url"] for server in servers],
            users=f"{urlsplit(site.public_url).path}user/",
        )
        return difference, len(routes)
