"""The API: history, incidents, notices, heartbeats; described by openapi.py."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.handlers import APIHandler

from .checks.base import Check
from .checks.heartbeat import REPORT, HeartbeatCheck
from .model import Code
from .notices import NOTICE
from .openapi import PAGE, QUERY, description
from .registration import ADMIN_SCOPE
from .summary import DAYS_SHOWN, WORDS, overall
from .views import check_json, incident_json, notice_json, result_json, state_json

if TYPE_CHECKING:
    from jupyterhub_suite.services.service import Route

    from .app import StatusService

# How a path names a check and a notice.
NAME = "([a-z0-9][a-z0-9_-]{0,62})"
NUMBER = "([0-9]{1,10})"


class StatusAPI(APIHandler):
    """Reading is open to everybody if the setting `public` says so."""

    service: StatusService

    async def prepare(self) -> None:
        reads = self.request.method in ("GET", "HEAD")
        self.public = self.service.public and reads  # type: ignore[misc]
        await super().prepare()
        if not reads:
            self.require(ADMIN_SCOPE)

    @property
    def is_admin(self) -> bool:
        return self.may(ADMIN_SCOPE)

    def check(self, name: str) -> Check:
        return find_check(self.service, name)

    def query(self) -> dict[str, Any]:
        """The numbers that limit a list: `before`, `after`, `limit`."""
        given: dict[str, Any] = {}
        for name in self.request.query_arguments:
            if name in QUERY:
                given[name] = read_number(name, self.get_query_argument(name))
        bodies.check(given, PAGE)
        return {**{name: part["default"] for name, part in QUERY.items()}, **given}


def find_check(service: StatusService, name: str) -> Check:
    try:
        return service.known_checks[name]
    except KeyError:
        raise PublicError(404, f"There is no check {name!r}.") from None


def read_number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise PublicError(
            400, f"{name}: {text!r} is not a number", field=name
        ) from None
    return int(number) if number.is_integer() else number


class Checks(StatusAPI):
    async def get(self) -> None:
        overview = await self.service.history.overview()
        self.reply([check_json(check, self.is_admin) for check in overview.checks])


class OneCheck(StatusAPI):
    async def get(self, name: str) -> None:
        check = self.check(name)
        states = await self.service.history.states()
        (state,) = (state for state in states if state.check is check)
        self.reply(state_json(state, self.is_admin))


class Results(StatusAPI):
    async def get(self, name: str) -> None:
        check = self.check(name)
        found = await self.service.store.history(check.name, **self.query())
        self.reply([result_json(result, self.is_admin) for result in found])


class Days(StatusAPI):
    async def get(self, name: str) -> None:
        check = self.check(name)
        overview = await self.service.history.overview()
        (history,) = (one for one in overview.checks if one.state.check is check)
        self.reply([vars(day) for day in history.days])


class RunNow(StatusAPI):
    async def post(self, name: str) -> None:
        check = self.check(name)
        await self.service.store.hurry(check.name)
        self.reply({"name": check.name}, 202)


class Incidents(StatusAPI):
    async def get(self) -> None:
        since = time.time() - DAYS_SHOWN * 86400
        found = await self.service.store.incidents(since)
        self.reply([incident_json(incident) for incident in found])


class NoticeList(StatusAPI):
    async def get(self) -> None:
        self.reply([notice_json(notice) for notice in await self.service.notices.all()])

    async def post(self) -> None:
        wanted = self.body(NOTICE)
        notice = await self.service.notices.add(wanted, self.user_name, time.time())
        self.reply(notice_json(notice), 201)


class OneNotice(StatusAPI):
    async def get(self, number: str) -> None:
        self.reply(notice_json(await self.service.notices.get(int(number))))

    async def put(self, number: str) -> None:
        wanted = self.body(NOTICE)
        notice = await self.service.notices.change(
            int(number), wanted, self.user_name, time.time()
        )
        self.reply(notice_json(notice))

    async def delete(self, number: str) -> None:
        """It is withdrawn: what was said once stays in its history."""
        notice = await self.service.notices.withdraw(
            int(number), self.user_name, time.time()
        )
        self.reply(notice_json(notice))


class NoticeHistory(StatusAPI):
    async def get(self, number: str) -> None:
        found = await self.service.notices.history(int(number))
        self.reply([notice_json(notice) for notice in found])


class Heartbeat(APIHandler):
    """A job reports in, with the token of its check and no other login."""

    service: StatusService

    async def prepare(self) -> None:
        """The token is looked at below: the Hub does not know it."""

    async def post(self, name: str) -> None:
        check = self.service.known_checks.get(name)
        self._authorize(check)
        report = self.body(REPORT) if self.request.body else {}
        if "\x00" in report.get("msg", ""):
            raise PublicError(400, "msg holds a NUL character", field="msg")
        heard = {"code": Code.OK.name, "msg": "", **report, "time": time.time()}
        await self.service.store.write_memo(name, heard)
        await self.service.store.hurry(name)
        self.reply({"name": name}, 202)

    def _authorize(self, check: Check | None) -> None:
        """Who knows no token learns not even which names there are."""
        is_one = isinstance(check, HeartbeatCheck)
        expected = check["token"] if check is not None and is_one else ""
        _, _, given = self.request.headers.get("Authorization", "").partition(" ")
        same = hmac.compare_digest(given.encode(), expected.encode())
        if not (expected and same):
            self.set_header("WWW-Authenticate", "Bearer")
            raise PublicError(401, "Send the token of this heartbeat.")


class OverallHealth(APIHandler):
    """For load balancers and other monitors: 503 when CRITICAL."""

    service: StatusService

    async def prepare(self) -> None:
        """Asked often, and by who cannot log in: the answer holds no detail."""

    async def get(self) -> None:
        code, _ = overall(await self.service.history.states())
        body = {"code": code.name, "words": WORDS[code]}
        self.reply(body, 503 if code is Code.CRITICAL else 200)


class OpenAPI(APIHandler):
    service: StatusService

    async def prepare(self) -> None:
        """What there is to ask is no secret."""

    def get(self) -> None:
        self.reply(description(self.service.prefix))


ROUTES: list[Route] = [
    ("api/openapi.json", OpenAPI),
    ("api/health", OverallHealth),
    ("api/checks", Checks),
    (f"api/checks/{NAME}", OneCheck),
    (f"api/checks/{NAME}/results", Results),
    (f"api/checks/{NAME}/days", Days),
    (f"api/checks/{NAME}/run", RunNow),
    ("api/incidents", Incidents),
    ("api/notices", NoticeList),
    (f"api/notices/{NUMBER}", OneNotice),
    (f"api/notices/{NUMBER}/history", NoticeHistory),
    (f"api/heartbeats/{NAME}", Heartbeat),
]
