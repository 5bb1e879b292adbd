"""Which check is due, and may be taken: decided here, done by the scheduler.

Times are wall-clock times, as replicas and restarts have no other in common. So a
clock may jump: what lies further ahead than it can is not believed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

# A holder that has not been heard of for so long is gone.
LEASE = 30.0
# So that checks do not all start at once, and not at the same time as cron jobs.
JITTER = 0.05
LONGEST_JITTER = 60.0


@dataclass(frozen=True)
class Slot:
    """A check's place in the plan."""

    name: str
    interval: float
    next_run: float
    holder: str
    lease_until: float


def is_free(slot: Slot, now: float) -> bool:
    """Is nobody running it? A lease ends, and cannot end later than it is long."""
    return not slot.holder or not now < slot.lease_until <= now + 2 * LEASE


def is_due(slot: Slot, now: float) -> bool:
    """Is it time? A time further off than an interval is from before a jump."""
    return not now < slot.next_run <= now + 2 * slot.interval + LONGEST_JITTER


def can_run(slot: Slot, now: float) -> bool:
    return is_due(slot, now) and is_free(slot, now)


def next_time(started: float, interval: float) -> float:
    """About an interval later."""
    most = min(interval * JITTER, LONGEST_JITTER)
    return started + interval + random.uniform(-most, most)


def pause(slots: list[Slot], now: float, longest: float) -> float:
    """How long nothing will be due; someone else's changes are seen after `longest`."""
    waits = [slot.next_run - now for slot in slots if not slot.holder]
    return max(0.05, min([longest, *waits]))
