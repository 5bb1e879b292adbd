"""How long somebody may keep a server. Pure.

A rule allows `lease_hours` at a time, and `lease_quota` hours in any seven days
(0: no further limit). A lease that was revoked counts for the time it held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import Lease
from .rules import Rule

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Allowance:
    """What a user may ask for now, in hours."""

    longest: float
    used: float
    quota: float


def allowance(rule: Rule, leases: Iterable[Lease], now: datetime) -> Allowance:
    used = used_hours(leases, now)
    longest = rule.lease_hours
    if rule.lease_quota:
        longest = min(longest, max(rule.lease_quota - used, 0))
    return Allowance(round(longest, 2), round(used, 2), rule.lease_quota)


def used_hours(leases: Iterable[Lease], now: datetime) -> float:
    """What the leases of the last seven days came to, those that still run in full.

    What a running one has left is given back when the next takes its place.
    """
    since = now - WEEK
    spans = (lease.ends - max(lease.granted_at, since) for lease in leases)
    return sum((max(span, timedelta()) for span in spans), timedelta()) / timedelta(
        hours=1
    )
