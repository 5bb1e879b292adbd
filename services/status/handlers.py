"""The page and its JSON, for people and for other monitors."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.handlers import Handler, PageHandler

from .api import NAME, NUMBER, find_check
from .chart import day_bars, stage_chart
from .feeds import atom, badge
from .history import Overview
from .notices import NOTICE
from .registration import ADMIN_SCOPE
from .summary import DAYS_SHOWN, WORDS, duration, iso, overall
from .views import overview_json

if TYPE_CHECKING:
    from jupyterhub_suite.services.service import Route

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


class Login(PageHandler):
    """The way in on a page that needs none: logs in, and comes back."""

    def get(self) -> None:
        self.redirect(self.service.prefix)


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
            # The Hub's own login would not tell us who came.
            "login_url": f"{self.service.prefix}login",
            "titles": {
                check.name: check.title for check in self.service.known_checks.values()
            },
            "words": WORDS[overview.code],
            "is_admin": self.is_admin,
            "now": overview.time,
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


class Badge(OpenHandler):
    """For a README or a portal: how it is, in a picture."""

    async def get(self) -> None:
        code, _ = overall(await self.service.history.states())
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "no-cache, max-age=60")
        self.finish(str(badge(self.service.badge_label, code)))


class Feed(OpenHandler):
    """Incidents, for feed readers."""

    async def get(self) -> None:
        since = time.time() - DAYS_SHOWN * 86400
        incidents = await self.service.store.incidents(since)
        url = f"{self.origin}{self.service.prefix}"
        self.set_header("Content-Type", "application/atom+xml")
        title = f"{self.service.display_name}: incidents"
        self.finish(atom(incidents, title, url, time.time()))

    @property
    def origin(self) -> str:
        parts = urlsplit(self.service.public_url)
        return f"{parts.scheme}://{parts.netloc}"


class NoticeForm(OpenHandler, PageHandler):
    """What the page's forms send: a new notice, a changed or a withdrawn one."""

    async def prepare(self) -> None:
        await PageHandler.prepare(self)
        self.require(ADMIN_SCOPE)

    async def post(self, number: str = "") -> None:
        notices, now = self.service.notices, time.time()
        if number and self.get_body_argument("withdraw", ""):
            await notices.withdraw(int(number), self.user_name, now)
        else:
            wanted = self._read()
            bodies.check(wanted, NOTICE)
            if number:
                await notices.change(int(number), wanted, self.user_name, now)
            else:
                await notices.add(wanted, self.user_name, now)
        self.redirect(f"{self.service.prefix}#notices")

    def _read(self) -> dict[str, Any]:
        texts = {n: self.get_body_argument(n, "") for n in ("kind", "title", "text")}
        times = {n: self._time(n) for n in ("begin", "end")}
        if times["begin"] is None:
            times["begin"] = time.time()
        return {**texts, **times}

    def _time(self, name: str) -> float | None:
        """A time as browsers send it, in UTC; empty is none."""
        text = self.get_body_argument(name, "")
        if not text:
            return None
        try:
            local = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
            return local.timestamp()
        except (ValueError, OverflowError):
            message = f"{name}: {text!r} is not a time such as 2026-01-31T18:00"
            raise PublicError(400, message, field=name) from None


class RunForm(OpenHandler, PageHandler):
    """The button that runs a check now."""

    async def prepare(self) -> None:
        await PageHandler.prepare(self)
        self.require(ADMIN_SCOPE)

    async def post(self, name: str) -> None:
        await self.service.store.hurry(find_check(self.service, name).name)
        self.redirect(f"{self.service.prefix}#check-{name}")


ROUTES: list[Route] = [
    ("", StatusPage),
    ("login", Login),
    ("badge.svg", Badge),
    ("feed.atom", Feed),
    ("notices", NoticeForm),
    (f"notices/{NUMBER}", NoticeForm),
    (f"checks/{NAME}/run", RunForm),
]
