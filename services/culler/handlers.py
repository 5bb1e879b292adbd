"""The pages: a user's own servers, and everybody's for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.handlers import Handler, PageHandler
from jupyterhub_suite.services.service import Route

from .leases import WEEK, Allowance, allowance
from .policy import duration
from .registration import ADMIN
from .report import moment, soonest_first
from .survey import Finding, Survey

if TYPE_CHECKING:
    from .app import CullerService

PAGE = 100


class CullerHandler(Handler):
    """What pages and endpoints of the culler share."""

    @property
    def culler(self) -> CullerService:
        return cast("CullerService", self.service)

    @property
    def own_name(self) -> str:
        """Whose servers are "mine": a service may be called like a user."""
        if self.current_user.get("kind") != "user":
            raise PublicError(403, "A service has no servers: name a user.")
        return self.user_name

    def choose_user(self, wanted: str | None) -> str:
        """The asker, or anybody for an admin."""
        if wanted is not None and self.may(ADMIN):
            return wanted
        if wanted is not None and wanted != self.own_name:
            self.require(ADMIN)
        return self.own_name

    async def findings(self, user: str) -> list[Finding]:
        surveyor = self.culler.sweeper.surveyor
        return list(soonest_first(await surveyor.look_again(user, self.culler.clock())))

    async def allowance(self, finding: Finding) -> Allowance:
        """For how long the server's owner may keep it."""
        now = self.culler.clock()
        rule = self.culler.sweeper.surveyor.rules.for_server(finding.server, now)
        leases = await self.culler.store.leases_of(
            finding.server.person.name, now - WEEK
        )
        return allowance(rule, leases, now)

    def number(self, name: str, default: int, largest: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text[:12]) > largest:
            raise PublicError(
                400, f"{name}: expected a number from 0 to {largest}", field=name
            )
        return int(text)


def matching(survey: Survey | None, text: str) -> list[Finding]:
    """What the last sweep saw of all whose name holds the text."""
    wanted = text.casefold()
    found = survey.servers.values() if survey else ()
    return list(
        soonest_first(f for f in found if wanted in str(f.server.key).casefold())
    )


def count_removable(survey: Survey) -> int:
    stopped = {finding.server.key for finding in survey.to_stop()}
    return len(survey.to_remove(stopped))


class CullerPage(CullerHandler, PageHandler):
    def namespace(self) -> dict[str, Any]:
        return {
            **super().namespace(),
            "may_administer": self.may(ADMIN),
            "moment": moment,
            "duration": duration,
            "now": self.culler.clock(),
        }


class OwnServers(CullerPage):
    """When my servers will be stopped, why, and how to keep them."""

    async def get(self) -> None:
        if self.current_user.get("kind") != "user":
            raise PublicError(403, "A service has no servers: see api/servers.")
        findings = await self.findings(self.own_name)
        rows = [(finding, await self.allowance(finding)) for finding in findings]
        stops = await self.culler.store.stops(user=self.own_name, limit=10)
        self.show("culler/own.html", rows=rows, stops=stops)


class Everything(CullerPage):
    """Every server, what would happen to it and why; for admins."""

    async def get(self) -> None:
        self.require(ADMIN)
        text = self.get_query_argument("q", "")
        rules = self.culler.sweeper.surveyor.rules
        offset = self.number("offset", 0, 10**9)
        last = self.culler.sweeper.last
        found = matching(last.survey if last else None, text)
        self.show(
            "culler/all.html",
            last=last,
            removable=count_removable(last.survey) if last else 0,
            found=found[offset : offset + PAGE],
            total=len(found),
            offset=offset,
            page=PAGE,
            query=text,
            culler=self.culler,
            problems=self.culler.sweep_problems(),
            rules=[*rules.servers, rules.default],
            sweeps=await self.culler.store.sweeps(limit=10),
            departed=await self.culler.store.departed(),
        )


class History(CullerPage):
    """What was stopped, when, and by which rule; for admins."""

    async def get(self) -> None:
        self.require(ADMIN)
        user = self.get_query_argument("user", "") or None
        before = self.number("before", 0, 10**12) or None
        stops = await self.culler.store.stops(user=user, before=before, limit=PAGE)
        self.show("culler/history.html", stops=stops, user=user, page=PAGE)


ROUTES: list[Route] = [
    ("", OwnServers),
    ("all", Everything),
    ("history", History),
]
