"""From results to words: what state a check and the whole are in, days, uptime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from .checks.base import Check
from .model import Code, Result, worst

# Besides what a run and the jitter may take, a result may be so late.
GRACE = 60.0
DAYS_SHOWN = 90

WORDS = {
    Code.OK: "All is well",
    Code.WARNING: "It works, but something wants attention",
    Code.CRITICAL: "Something does not work",
    Code.UNKNOWN: "It is not known whether all is well",
}


@dataclass(frozen=True)
class State:
    """What is known of a check now."""

    check: Check
    code: Code
    msg: str
    # The last result, also if it is too old to say anything about now.
    result: Result | None

    @property
    def time(self) -> float | None:
        return self.result.time if self.result else None


def judge(check: Check, result: Result | None, now: float) -> State:
    """What a check's last result says about now: an old one says nothing."""
    if result is None:
        return State(check, Code.UNKNOWN, "There is no result yet", None)
    allowed = check.interval * 2 + check.timeout + GRACE
    if result.time > now + GRACE:
        msg = "The last result is from the future: did a clock jump?"
        return State(check, Code.UNKNOWN, msg, result)
    if now - result.time > allowed:
        msg = (
            f"There is no result since {iso(result.time)}; it should be no older than"
            f" {duration(allowed)}. The last was {result.code.name}: {result.msg}"
        )
        return State(check, Code.UNKNOWN, msg, result)
    return State(check, result.code, result.msg, result)


def overall(states: Sequence[State]) -> tuple[Code, str]:
    """The code of the whole, and why it is that."""
    code = worst(state.code for state in states)
    if not states:
        return code, "No checks are set"
    if code is Code.OK:
        return code, f"{WORDS[code]}: {len(states)} checks"
    guilty = [
        f"{state.check.title}: {state.msg}" for state in states if state.code is code
    ]
    return code, "; ".join(guilty)


@dataclass(frozen=True)
class Day:
    """How often a check found what, on one day."""

    day: str
    ok: int = 0
    warning: int = 0
    critical: int = 0
    unknown: int = 0
    maintenance: int = 0

    @property
    def known(self) -> int:
        return self.ok + self.warning + self.critical

    @property
    def code(self) -> Code | None:
        """What the day is remembered for; None if there was no result."""
        if self.critical:
            return Code.CRITICAL
        if self.warning:
            return Code.WARNING
        if self.ok:
            return Code.OK
        return Code.UNKNOWN if self.unknown else None


def uptime(days: Iterable[Day]) -> float | None:
    """The share of results that found it working; None if nothing is known.

    Failures in announced maintenance do not count, nor does what is not known.
    """
    counted = list(days)
    known = sum(day.known for day in counted)
    return sum(day.ok + day.warning for day in counted) / known if known else None


def calendar(days: Iterable[Day], today: date, length: int = DAYS_SHOWN) -> list[Day]:
    """Every day up to today, also those without a result."""
    known = {day.day: day for day in days}
    return [known.get(day) or Day(day) for day in last_days(today, length)]


@lru_cache(maxsize=4)
def last_days(today: date, length: int) -> tuple[str, ...]:
    return tuple(
        (today - timedelta(days=back)).isoformat() for back in reversed(range(length))
    )


def day_of(time: float) -> str:
    return moment(time).date().isoformat()


def moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, timezone.utc)


def iso(time: float) -> str:
    return moment(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    for name, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
