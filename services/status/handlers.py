"""The page and its JSON, for people and for other monitors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.handlers import APIHandler, Handler, PageHandler

from .chart import day_bars, stage_chart
from .history import Overview
from .model import Code
from .registration import ADMIN_SCOPE
from .summary import WORDS, duration, iso, overall
from .views import overview_json

if TYPE_CHECKING:
    from .app import StatusService


class OpenHandler(Handler):
    """Lets in everybody if the setting `public` says so."""

    service: StatusService

    async def prepare(self) -> None:
        self.public = self.service.public  # type: ignore[misc]
        await super().prepare()

    @property
    def is_admin(self) -> bool:
        return self.may(ADMIN_SCOPE)


class StatusPage(OpenHandler, PageHandler):
    """A page for people; for programs, what EGI's monitoring gives, and more."""

    async def get(self) -> None:
        overview = await self.service.history.overview()
        if self.wants_json:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(overview_json(overview, self.is_admin)))
        else:
            self.show("status/index.html", **self._look(overview))

    @property
    def wants_json(self) -> bool:
        return prefers_json(self.request.headers.get("Accept", ""))

    def _look(self, overview: Overview) -> dict[str, Any]:
        return {
            "overview": overview,
            "words": WORDS[overview.code],
            "is_admin": self.is_admin,
            "day_bars": day_bars,
            "stage_chart": stage_chart,
            "iso": iso,
            "duration": duration,
            "percent": percent,
        }

    def ask_to_log_in(self) -> None:
        if self.wants_json:
            Handler.ask_to_log_in(self)
        super().ask_to_log_in()

    def show_error(self, error: PublicError) -> None:
        if self.wants_json:
            Handler.show_error(self, error)
        else:
            super().show_error(error)


def prefers_json(accept: str) -> bool:
    """Does the asker name JSON, and a page not before it?"""
    html, data = accept.find("text/html"), accept.find("application/json")
    return data >= 0 and (html < 0 or data < html)


def percent(share: float | None) -> str:
    """Never rounded up to what it is not."""
    if share is None:
        return "no results"
    return "100 %" if share == 1 else f"{int(share * 10000) / 100:.2f} %"


class OverallHealth(APIHandler):
    """For load balancers and other monitors: 503 when CRITICAL."""

    public = True
    service: StatusService

    async def prepare(self) -> None:
        """Asked often, and by who cannot log in: the answer holds no detail."""

    async def get(self) -> None:
        code, _ = overall(await self.service.history.states())
        body = {"code": code.name, "words": WORDS[code]}
        self.reply(body, 503 if code is Code.CRITICAL else 200)
