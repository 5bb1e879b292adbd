"""Does a URL answer with the status and the text that are expected?"""

from __future__ import annotations

from ..model import Code, Finding
from .base import Check, CheckFailed, Journal, Site

LARGEST_BODY = 1024 * 1024


class HTTPCheck(Check):
    kind = "http"
    options = {
        "url": {"type": "string", "pattern": "^https?://[^@]+$"},
        "status": {"type": "integer", "minimum": 100, "maximum": 599, "default": 200},
        "text": {"type": "string", "default": ""},
        "follow_redirects": {"type": "boolean", "default": True},
        "warn_after": {"type": "number", "exclusiveMinimum": 0},
    }
    required = ("url",)

    async def probe(self, site: Site, journal: Journal) -> Finding:
        with journal.stage("request"):
            status, body = await self._fetch(site)
        seconds = journal.stages[-1].seconds
        if status != self["status"]:
            raise CheckFailed(f"{self['url']} answered {status}, not {self['status']}")
        if self["text"] not in body:
            raise CheckFailed(f"{self['url']} answered without {self['text']!r}")
        return self._timed(seconds)

    async def _fetch(self, site: Site) -> tuple[int, str]:
        """Status, and as much of the body as anybody would look at."""
        body = b""
        async with site.web.stream(
            "GET", self["url"], follow_redirects=self["follow_redirects"]
        ) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    break
        return response.status_code, body.decode(
            response.encoding or "utf-8", "replace"
        )

    def _timed(self, seconds: float) -> Finding:
        limit = self["warn_after"]
        msg = f"{self['url']} answered {self['status']} in {seconds:.2f} s"
        if limit and seconds > limit:
            return Finding(Code.WARNING, f"{msg}, which is more than {limit:g} s")
        return Finding(Code.OK, msg)
