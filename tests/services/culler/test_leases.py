from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from jupyterhub_suite.services.culler.leases import allowance, used_hours
from jupyterhub_suite.services.culler.model import Lease
from jupyterhub_suite.services.culler.rules import Rule

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def lease(began: float, hours: float, revoked: float | None = None) -> Lease:
    """One that was granted `began` hours ago, and perhaps revoked after some."""
    granted = NOW - timedelta(hours=began)
    return Lease(
        user="ann",
        server="",
        granted_at=granted,
        until=granted + timedelta(hours=hours),
        by="ann",
        revoked_at=None if revoked is None else granted + timedelta(hours=revoked),
    )


@pytest.mark.parametrize(
    ("leases", "hours"),
    [
        ([], 0),
        ([lease(10, 4)], 4),
        ([lease(10, 4), lease(1, 8)], 12),
        ([lease(10, 8, revoked=1)], 1),
        # Of one that began before the week only its part in it counts.
        ([lease(7 * 24 + 2, 4)], 2),
        ([lease(8 * 24, 4)], 0),
    ],
)
def test_the_hours_of_seven_days_are_counted(leases: list[Lease], hours: float) -> None:
    assert used_hours(leases, NOW) == pytest.approx(hours)


def test_the_quota_limits_what_the_rule_allows() -> None:
    rule = Rule("x", lease_hours=8, lease_quota=10)
    assert allowance(rule, [], NOW).longest == 8
    assert allowance(rule, [lease(10, 4)], NOW).longest == 6
    assert allowance(rule, [lease(20, 12)], NOW).longest == 0
    assert allowance(Rule("x", lease_hours=8), [lease(20, 99)], NOW).longest == 8
    assert allowance(Rule("x"), [], NOW).longest == 0
