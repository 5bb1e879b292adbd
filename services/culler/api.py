"""The endpoints."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.handlers import APIHandler
from jupyterhub_suite.services.service import Route

from . import schemas
from .handlers import PAGE, CullerHandler, matching
from .model import Lease, Stop
from .openapi import describe
from .policy import Action, Decision, duration
from .registration import ADMIN
from .report import as_json, moment
from .server import Key
from .survey import Finding


class CullerEndpoint(CullerHandler, APIHandler):
    async def find(self, key: Key) -> Finding:
        """The server as it is now; 404 if it does not run."""
        for finding in await self.findings(key.user):
            if finding.server.key == key:
                return finding
        raise PublicError(404, f"{key} does not run")


class Servers(CullerEndpoint):
    """GET: the asker's servers, or with all=1 everybody's as last looked at."""

    async def get(self) -> None:
        if self.get_query_argument("all", "") in ("", "0"):
            await self._own()
        else:
            self.require(ADMIN)
            self._all()

    async def _own(self) -> None:
        user = self.choose_user(self.get_query_argument("user", None))
        found = await self.findings(user)
        servers = [
            {**as_json(finding), "allowance": vars(await self.allowance(finding))}
            for finding in found
        ]
        self._reply(servers, len(servers), moment(self.culler.clock()))

    def _all(self) -> None:
        last = self.culler.sweeper.last
        found = matching(
            last.survey if last else None, self.get_query_argument("q", "")
        )
        offset = self.number("offset", 0, 10**9)
        limit = self.number("limit", PAGE, 1000)
        servers = [as_json(finding) for finding in found[offset : offset + limit]]
        self._reply(servers, len(found), moment(last.survey.at) if last else None)

    def _reply(self, servers: list[Any], total: int, at: str | None) -> None:
        self.reply({"servers": servers, "total": total, "at": at})


class Leases(CullerEndpoint):
    """POST: keep a server. DELETE: no longer."""

    async def post(self) -> None:
        wish = self.body(schemas.LEASE_REQUEST)
        key = Key(self.choose_user(wish.get("user")), wish.get("server", ""))
        finding = await self.find(key)
        if not self.may(ADMIN):
            await self._check_allowance(finding, wish["hours"])
        lease = await self.culler.store.add_lease(
            key, self.culler.clock(), wish["hours"], self.user_name
        )
        self.service.log.info("%s keeps %s until %s", self.user_name, key, lease.until)
        self.reply(lease_json(lease), status=201)

    async def _check_allowance(self, finding: Finding, hours: float) -> None:
        allowed = await self.allowance(finding)
        if not allowed.longest:
            raise PublicError(403, "You may not keep this server now.")
        if hours > allowed.longest:
            raise PublicError(
                403,
                f"You may keep this server for {allowed.longest:g} hours at most.",
                longest=allowed.longest,
            )

    async def delete(self) -> None:
        user = self.choose_user(self.get_query_argument("user", None))
        key = Key(user, self.get_query_argument("server", ""))
        if not await self.culler.store.revoke_lease(key, self.culler.clock()):
            raise PublicError(404, f"Nobody keeps {key}")
        self.service.log.info("%s lets %s go", self.user_name, key)
        self.set_status(204)


class Notice(CullerEndpoint):
    """GET: what an extension of JupyterLab shows to the user of a server."""

    async def get(self) -> None:
        user = self.choose_user(self.get_query_argument("user", None))
        key = Key(user, self.get_query_argument("server", ""))
        decision = (await self.find(key)).decision
        self.reply({**self._times(decision), "page": self.culler.page})

    def _times(self, decision: Decision) -> dict[str, Any]:
        warn = decision.action in (Action.WARN, Action.STOP)
        if decision.at is None:
            return {"warn": False, "stop_at": None, "seconds_left": None, "message": ""}
        left = max(int((decision.at - self.culler.clock()).total_seconds()), 0)
        said = f"This server will be stopped in {duration(left)}. {decision.reason}."
        return {
            "warn": warn,
            "stop_at": moment(decision.at),
            "seconds_left": left,
            "message": said if warn else "",
        }


class StopNow(CullerEndpoint):
    """POST: stop a server at once, whatever the rules say."""

    async def post(self) -> None:
        self.require(ADMIN)
        wish = self.body(schemas.STOP_REQUEST)
        key = Key(wish["user"], wish.get("server", ""))
        await self.find(key)
        by = self.user_name
        decision = Decision(Action.STOP, f"{by} said so", cause="admin")
        outcome = await self.culler.sweeper.stopper.stop_now(key, decision, by)
        self.reply({"outcome": outcome.value})


class State(CullerEndpoint):
    """GET: what the last sweep came to. POST: sweep now."""

    scopes: ClassVar[frozenset[str]] = frozenset({ADMIN, "admin-ui"})

    def get(self) -> None:
        culler, last = self.culler, self.culler.sweeper.last
        self.reply(
            {
                "at": moment(last.survey.at) if last else None,
                "dry_run": culler.dry_run,
                "held": last.held if last else None,
                "failed": bool(culler.failure),
                "servers": len(last.survey.servers) if last else 0,
                "to_stop": len(last.survey.to_stop()) if last else 0,
                "problems": last.survey.problems if last else [],
            }
        )

    async def post(self) -> None:
        self.body(schemas.EMPTY)
        await self.culler.sweep_now()
        self.set_status(202)


class Release(CullerEndpoint):
    """POST: an admin's word that lets the next sweep go, held or not."""

    async def post(self) -> None:
        self.require(ADMIN)
        self.body(schemas.EMPTY)
        last = self.culler.sweeper.last
        if last is None or last.held is None:
            raise PublicError(409, "No sweep is held.")
        self.culler.sweeper.released_by = self.user_name
        await self.culler.sweep_now()
        self.set_status(202)


class Stops(CullerEndpoint):
    """GET: the log of what was stopped; without a user everybody's, for admins."""

    async def get(self) -> None:
        user = self.get_query_argument("user", None)
        if user is None:
            self.require(ADMIN)
        else:
            user = self.choose_user(user)
        stops = await self.culler.store.stops(
            user=user,
            before=self.number("before", 0, 10**12) or None,
            limit=self.number("limit", PAGE, 1000),
        )
        self.reply({"stops": [stop_json(stop) for stop in stops]})


class OpenAPI(CullerEndpoint):
    def get(self) -> None:
        self.reply(describe(self.culler.prefix))


def lease_json(lease: Lease) -> dict[str, Any]:
    return {
        "user": lease.user,
        "server": lease.server,
        "granted_at": moment(lease.granted_at),
        "until": moment(lease.until),
        "by": lease.by,
    }


def stop_json(stop: Stop) -> dict[str, Any]:
    return {
        "id": stop.id,
        "at": moment(stop.at),
        "finished_at": moment(stop.finished_at),
        "kind": stop.kind,
        "user": stop.user,
        "server": stop.server,
        "rule": stop.rule,
        "cause": stop.cause,
        "reason": stop.reason,
        "by": stop.by,
        "outcome": stop.outcome,
        "detail": stop.detail,
    }


ROUTES: list[Route] = [
    ("api/servers", Servers),
    ("api/leases", Leases),
    ("api/notice", Notice),
    ("api/stop", StopNow),
    ("api/sweep", State),
    ("api/release", Release),
    ("api/stops", Stops),
    ("api/openapi.json", OpenAPI),
]
