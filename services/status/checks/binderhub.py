"""Is a BinderHub well, and if not, which part of it is not?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..model import Code, Finding
from .base import Check, CheckFailed, Journal, Site

# What BinderHub counts for its quota of pods.
COUNTED = ("total_pods", "build_pods", "user_pods", "quota")


def judge_health(url: str, status: int, health: Any) -> Finding:
    """What /health says: {"ok": …, "checks": [{"service": …, "ok": …}]}.

    BinderHub is well itself while it is above its quota, but starts nothing new.
    """
    parts = health.get("checks") if isinstance(health, dict) else None
    if not isinstance(parts, list) or "ok" not in health:
        raise CheckFailed(f"{url} answered {status}, but not with BinderHub's health")
    parts = [part for part in parts if isinstance(part, dict)]
    failing = [str(part.get("service", "?")) for part in parts if not part.get("ok")]
    if not health["ok"]:
        raise CheckFailed(f"BinderHub is not well: {', '.join(failing) or 'no reason'}")
    if failing:
        msg = f"BinderHub is well, but not all of it: {', '.join(failing)}"
        return Finding(Code.WARNING, msg, counts(parts))
    return Finding(Code.OK, f"BinderHub is well: {len(parts)} parts", counts(parts))


def counts(parts: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    return {
        name: part[name]
        for part in parts
        for name in COUNTED
        if isinstance(part.get(name), int)
    }


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
