from __future__ import annotations

from datetime import datetime, timedelta, timezone

from jupyterhub_suite.services.culler.brakes import Limits, Look, clocks, doubts
from jupyterhub_suite.services.culler.server import Person, Server

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def fleet(count: int, idle: float = 4000, old: float = 9000) -> list[Server]:
    return [
        Server(
            Person(f"user-{n}"),
            last_activity=NOW - timedelta(seconds=idle),
            started=NOW - timedelta(seconds=old),
        )
        for n in range(count)
    ]


def test_a_sweep_within_its_limits_goes() -> None:
    look = Look(NOW, fleet(100), stopping=50, hub_time=NOW)
    assert clocks(look, Limits()) is None
    assert doubts(look, Limits()) is None


def test_clocks_that_disagree_hold_every_sweep() -> None:
    apart = Look(NOW, fleet(1), 1, hub_time=NOW + timedelta(hours=1))
    assert clocks(apart, Limits()) == "The Hub's clock and the culler's are 1 h apart"
    ahead = Look(NOW, fleet(1, idle=-3600), 1, hub_time=NOW)
    assert "ahead of the culler's clock" in (clocks(ahead, Limits()) or "")


def test_more_than_the_set_number_waits_for_a_word() -> None:
    look = Look(NOW, fleet(10), stopping=6)
    assert "more than max_stops" in (doubts(look, Limits(max_stops=5)) or "")
    assert doubts(look, Limits(max_stops=6)) is None


def test_more_than_the_set_share_waits_unless_they_are_few() -> None:
    assert "19 of 20" in (doubts(Look(NOW, fleet(20), 19), Limits(few=19)) or "")
    assert doubts(Look(NOW, fleet(20), 19), Limits(few=20)) is None
    assert doubts(Look(NOW, fleet(40), 40), Limits(max_share=0)) is None


def test_activity_that_nobody_reports_is_not_taken_for_idleness() -> None:
    never_moved = fleet(40, idle=9000, old=9000)
    held = doubts(Look(NOW, never_moved, 30), Limits())
    assert held and "does the proxy report it?" in held
    one_in_use = [*never_moved, *fleet(1, idle=10)]
    assert doubts(Look(NOW, one_in_use, 30), Limits()) is None


def test_a_long_silence_is_doubted_where_the_site_says_so() -> None:
    look = Look(NOW, fleet(40, idle=2000), 30)
    held = doubts(look, Limits(stale_after=1800))
    assert held == "The Hub has heard of no activity for 33 min 20 s"
    assert doubts(look, Limits(stale_after=3600)) is None
