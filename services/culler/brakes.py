"""Whether what a sweep is about to do looks sane. Pure.

A wrong clock, an upgrade or a proxy that reports no activity must not stop
everybody: such a sweep is held, and says why, until an admin lets it go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .policy import duration
from .server import Server

# A server in use is heard of within minutes: its pages keep calling it.
SETTLED = timedelta(minutes=15)
# What the Hub writes down when a server starts is not somebody's activity.
START = timedelta(minutes=1)


@dataclass(frozen=True)
class Limits:
    # 0 sets no limit.
    max_stops: int = 0
    max_share: float = 0.9
    stale_after: int = 0
    clock_tolerance: int = 120
    # On so few servers, a share and a silence say nothing.
    few: int = 20


@dataclass(frozen=True)
class Look:
    """What a sweep sees: everything that runs, and how many it would stop."""

    now: datetime
    running: Sequence[Server]
    stopping: int
    hub_time: datetime | None = None


def clocks(look: Look, limits: Limits) -> str | None:
    """Why nothing may be stopped, whoever says so."""
    tolerance = timedelta(seconds=limits.clock_tolerance)
    if look.hub_time and abs(look.hub_time - look.now) > tolerance:
        apart = duration(abs(look.hub_time - look.now).total_seconds())
        return f"The Hub's clock and the culler's are {apart} apart"
    latest = latest_activity(look.running)
    if latest and latest > look.now + tolerance:
        ahead = duration((latest - look.now).total_seconds())
        return f"The Hub reports activity {ahead} ahead of the culler's clock"
    return None


def doubts(look: Look, limits: Limits) -> str | None:
    """Why an admin should have a look first."""
    if limits.max_stops and look.stopping > limits.max_stops:
        return f"{look.stopping} would be stopped at once, more than max_stops"
    if look.stopping < limits.few:
        return None
    if limits.max_share and look.stopping > limits.max_share * len(look.running):
        return (
            f"{look.stopping} of {len(look.running)} running servers would be"
            f" stopped at once, more than max_share ({limits.max_share:.0%})"
        )
    return stale(look, limits)


def stale(look: Look, limits: Limits) -> str | None:
    """Why the Hub's activity data cannot be believed."""
    latest = latest_activity(look.running)
    if limits.stale_after and latest:
        silence = (look.now - latest).total_seconds()
        if silence > limits.stale_after:
            return f"The Hub has heard of no activity for {duration(silence)}"
    settled = [s for s in look.running if s.started and s.started + SETTLED < look.now]
    if len(settled) >= limits.few and not any(was_used(s) for s in settled):
        return (
            f"The Hub has heard of no activity on any of {len(settled)} servers since"
            " they started: does the proxy report it?"
        )
    return None


def was_used(server: Server) -> bool:
    last, started = server.last_activity, server.started
    return bool(last and started and last > started + START)


def latest_activity(servers: Sequence[Server]) -> datetime | None:
    return max((s.last_activity for s in servers if s.last_activity), default=None)
