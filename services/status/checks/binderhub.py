"""Is a BinderHub well, and if not, which part of it is not?"""

from __future__ import annotations

from typing import Any

from ..model import Code, Finding
from .base import Check, CheckFailed, Journal, Site


def judge_health(url: str, status: int, health: Any) -> Finding:
    """What /health says: {"ok": …, "checks": [{"service": …, "ok": …}]}."""
    if not isinstance(health, dict) or "ok" not in health:
        raise CheckFailed(f"{url} answered {status}, but not with BinderHub's health")
    parts = [part for part in health.get("checks") or [] if isinstance(part, dict)]
    failing = [str(part.get("service", "?")) for part in parts if not part.get("ok")]
    if failing or not health["ok"]:
        raise CheckFailed(f"BinderHub is not well: {', '.join(failing) or 'no reason'}")
    return Finding(Code.OK, f"BinderHub is well: {len(parts)} parts")


class BinderHubCheck(Check):
    kind = "binderhub"
    options = {"url": {"type": "string", "pattern": "^https?://[^@]+$"}}
    required = ("url",)

    async def probe(self, site: Site, journal: Journal) -> Finding:
        url = f"{self['url'].rstrip('/')}/health"
        with journal.stage("health"):
            response = await site.web.get(url, follow_redirects=True)
            try:
                health = response.json()
            except ValueError:
                health = None
            return judge_health(url, response.status_code, health)
