"""Incidents: when one begins, changes and ends. Decided here, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from .model import Code, Result, worst


@dataclass(frozen=True)
class Incident:
    """A time in which a check did not work."""

    id: int | None
    check: str
    begin: float
    end: float | None
    code: Code
    reason: str
    # When somebody was told of it last.
    notified: float | None = None


class Change(Enum):
    BEGAN = "began"
    WORSENED = "worsened"
    GOES_ON = "goes on"
    ENDED = "ended"


@dataclass(frozen=True)
class Step:
    """What a result made of an incident."""

    change: Change
    incident: Incident


def next_step(
    incident: Incident | None, recent: Sequence[Result], threshold: int
) -> Step | None:
    """What the newest of the recent results (newest first) begins, changes or ends.

    One failure may be bad luck: as many as `threshold` in a row make an incident,
    which then began with the first of them.
    """
    newest = recent[0]
    if newest.code.works:
        if incident is None:
            return None
        return Step(Change.ENDED, replace(incident, end=newest.time))
    if incident is not None:
        code = worst([incident.code, newest.code])
        change = Change.GOES_ON if code is incident.code else Change.WORSENED
        reason = newest.msg if change is Change.WORSENED else incident.reason
        return Step(change, replace(incident, code=code, reason=reason))
    row = failures_in_a_row(recent)
    if len(row) < threshold:
        return None
    first = row[threshold - 1]
    code = worst(result.code for result in row[:threshold])
    return Step(
        Change.BEGAN, Incident(None, newest.check, first.time, None, code, newest.msg)
    )


def failures_in_a_row(recent: Sequence[Result]) -> list[Result]:
    row: list[Result] = []
    for result in recent:
        if result.code.works:
            break
        row.append(result)
    return row
