"""What is kept, on SQLite and on PostgreSQL: plan, leases, results, notices, outbox."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, literal, select

from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.errors import PublicError
from jupyterhub_suite.services.status import scheduler
from jupyterhub_suite.services.status.app import StatusService
from jupyterhub_suite.services.status.channels import make_channels
from jupyterhub_suite.services.status.checks import make_checks
from jupyterhub_suite.services.status.checks.base import Check, Journal, Site
from jupyterhub_suite.services.status.history import History
from jupyterhub_suite.services.status.model import Code, Finding, Result, Stage
from jupyterhub_suite.services.status.notices import Notices
from jupyterhub_suite.services.status.outbox import Outbox
from jupyterhub_suite.services.status.results import to_row
from jupyterhub_suite.services.status.schedule import LEASE, can_run
from jupyterhub_suite.services.status.scheduler import Scheduler
from jupyterhub_suite.services.status.store import Store
from jupyterhub_suite.services.status.summary import day_of
from jupyterhub_suite.services.status.tables import days, results
from jupyterhub_suite.services.status.tally import Tally
from tests.harness.postgresql import PostgreSQL
from tests.harness.processes import Process, wait_for

from .sites import site_at, until
from .webhook import delivering, webhook

LOG = logging.getLogger("status-test")
DAY = 86400.0


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, postgresql: PostgreSQL, tmp_path: Path
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/status.sqlite"
    return await postgresql.new_database()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url, "status", StatusService.migrations)
    await database.upgrade()
    yield database
    await database.close()


@dataclass
class Kept:
    """A store with one check in its plan, and what hangs on it."""

    database: Database
    channels: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(self.database)
        self.notices = Notices(self.database)
        self.outbox = Outbox(self.database, self.channels, LOG)
        self.checks = make_checks([{"name": "hub", "title": "The Hub"}])
        self.history = History(self.store, self.checks, self.notices, self.outbox)

    async def record(self, code: Code, msg: str = "", at: float | None = None) -> None:
        when = time.time() if at is None else at
        await self.history.record(
            Result("hub", when, 0.5, code, msg, (Stage("api", 0.2),))
        )


@pytest.fixture
async def kept(database: Database) -> Kept:
    kept = Kept(database)
    await kept.store.plan({"hub": 60}, time.time())
    return kept


# Leases


async def test_of_two_replicas_one_gets_the_check(kept: Kept) -> None:
    (slot,) = await kept.store.slots()
    now = time.time()
    claims = [kept.store.claim(slot, holder, now) for holder in ("a", "b", "c")]
    assert sorted(await asyncio.gather(*claims)) == [False, False, True]
    (taken,) = await kept.store.slots()
    assert not can_run(taken, now + 1)
    assert can_run(taken, now + LEASE + 1)


async def test_who_lost_the_lease_can_neither_renew_nor_release(kept: Kept) -> None:
    (slot,) = await kept.store.slots()
    now = time.time()
    assert await kept.store.claim(slot, "first", now)
    (stale,) = await kept.store.slots()
    assert await kept.store.claim(stale, "second", now + LEASE + 1)
    assert not await kept.store.renew("hub", "first", now)
    assert not await kept.store.release("hub", "first", now)
    assert await kept.store.release("hub", "second", now + 60)
    assert (await kept.store.slots())[0].next_run == now + 60


async def test_a_changed_interval_is_kept_from_now_on(kept: Kept) -> None:
    (slot,) = await kept.store.slots()
    await kept.store.claim(slot, "a", time.time())
    await kept.store.release("hub", "a", time.time() + 3600)
    await kept.store.plan({"hub": 5}, time.time())
    (slot,) = await kept.store.slots()
    assert slot.interval == 5
    assert slot.next_run <= time.time() + 5


@dataclass
class Replicas:
    """Processes on one database, with one check that never ends by itself."""

    url: str
    folder: Path

    def __post_init__(self) -> None:
        self.diary = self.folder / "diary"
        self.diary.touch()

    def start(self, name: str) -> Process:
        module = "tests.services.status.holder"
        argv = [sys.executable, "-m", module, self.url, str(self.diary)]
        return Process(name, argv, self.folder, env={"PYTHONPATH": str(Path.cwd())})

    @property
    def entries(self) -> list[str]:
        return self.diary.read_text().splitlines()

    async def note(self, *entries: str) -> None:
        await until(lambda: self.entries == list(entries), what=f"a diary of {entries}")


@pytest.fixture
def replicas(url: str, tmp_path: Path) -> Replicas:
    return Replicas(url, tmp_path)


async def test_when_the_holder_is_killed_another_takes_over(replicas: Replicas) -> None:
    async with replicas.start("first") as first:
        await replicas.note(f"ran {first.pid}")
        async with replicas.start("second") as second:
            await second.says("ready")
            await asyncio.sleep(3)  # twice the lease: renewed, so still held
            assert replicas.entries == [f"ran {first.pid}"]
            await first.kill()
            await replicas.note(f"ran {first.pid}", f"ran {second.pid}")


async def test_who_was_stopped_for_a_while_disturbs_nobody(replicas: Replicas) -> None:
    async with replicas.start("first") as first, replicas.start("second") as second:
        await until(lambda: len(replicas.entries) == 1, what="the first run")
        ran, other = first, second
        if replicas.entries != [f"ran {first.pid}"]:
            ran, other = second, first
        ran.send_signal(signal.SIGSTOP)
        both = [f"ran {ran.pid}", f"ran {other.pid}"]
        await replicas.note(*both)
        ran.send_signal(signal.SIGCONT)
        await ran.says("given up: it is not ours any more")
        await asyncio.sleep(2)  # longer than the lease: the other still holds it
        # Nothing of the other's was cleaned up, and nothing ran twice.
        assert replicas.entries == both


async def test_who_was_stopped_and_missed_by_nobody_begins_anew(
    replicas: Replicas,
) -> None:
    async with replicas.start("only") as only:
        await replicas.note(f"ran {only.pid}")
        only.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2)  # longer than the lease
        only.send_signal(signal.SIGCONT)
        await replicas.note(*[f"ran {only.pid}"] * 2)


class Quick(Check):
    kind = "quick"

    async def probe(self, site: Site, journal: Journal) -> Finding:
        return Finding(Code.OK, "quick")


async def test_a_clock_that_jumps_stops_no_check_and_makes_none_look_fresh(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, ahead = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    monkeypatch.setattr(scheduler, "LOOK", 0.05)
    kept = Kept(database)
    checks = {"quick": Quick("quick", interval=3600)}
    history = History(kept.store, checks, kept.notices, kept.outbox)
    await kept.store.plan({"quick": 3600}, time.time())

    async def state() -> Code:
        (state,) = await history.states()
        return state.code

    async def ran(times: int) -> bool:
        return len((await kept.store.latest(["quick"], 9))["quick"]) == times

    async with site_at("http://127.0.0.1:9/", "http://127.0.0.1:9/", "x") as site:
        runner = Scheduler(
            checks, kept.store, lambda _: site, history.record, "me", LOG
        )
        for times, jump in enumerate([0, 86400, -2 * 86400, 365 * 86400], start=1):
            ahead += jump
            if jump:
                assert await state() is Code.UNKNOWN
            working = asyncio.create_task(runner.run())
            await wait_for(lambda: ran(times), what=f"run {times}")  # noqa: B023
            assert await state() is Code.OK
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


# Results


async def test_a_result_is_kept_counted_and_rolled_up(kept: Kept) -> None:
    await kept.record(Code.OK, "fine")
    await kept.record(Code.CRITICAL, "broken")
    await kept.record(Code.CRITICAL, "broken still")
    newest, *_ = (await kept.store.latest(["hub"], 3))["hub"]
    assert (newest.code, newest.msg) == (Code.CRITICAL, "broken still")
    assert newest.stages == (Stage("api", 0.2),)
    (day,) = (await kept.store.days("2000-01-01"))["hub"]
    assert (day.ok, day.critical) == (1, 2)
    tallies = await kept.store.tallies()
    assert tallies["hub", "CRITICAL"].count == 2
    assert tallies["hub", "stage:api"].count == 3
    assert sum(tallies["hub", "stage:api"].buckets) == 3 * len(
        [limit for limit in Tally().plus(0.2, 0).buckets if limit]
    )
    (incident,) = await kept.store.incidents(0)
    assert (incident.reason, incident.end) == ("broken", None)


async def test_an_incident_ends_and_is_remembered(kept: Kept) -> None:
    await kept.record(Code.CRITICAL, "broken")
    await kept.record(Code.OK)
    (incident,) = await kept.store.incidents(0)
    assert incident.end is not None
    assert (await kept.history.overview()).incidents == [incident]


async def test_old_results_go_and_days_stay(kept: Kept) -> None:
    now = time.time()
    await kept.record(Code.OK, at=now - 200 * DAY)
    await kept.record(Code.OK, at=now - 20 * DAY)
    await kept.store.forget(now - 90 * DAY, day_of(now - 730 * DAY))
    assert len(await kept.store.history("hub", now, 0, 10)) == 1
    assert len((await kept.store.days("2000-01-01"))["hub"]) == 2


async def test_a_year_of_hourly_results_of_ten_checks_is_shown_at_once(
    database: Database,
) -> None:
    checks = make_checks([{"name": f"c{n}", "kind": "hub"} for n in range(10)])
    kept = Kept(database)
    history = History(kept.store, checks, kept.notices, kept.outbox)
    now = time.time()
    await kept.store.plan(dict.fromkeys(checks, 3600.0), now)
    stages = tuple(Stage(name, 0.5) for name in ("start", "open", "kernel", "stop"))
    hourly = [
        to_row(Result("c0", now - hour * 3600, 1, Code.OK, "fine", stages))
        for hour in reversed(range(365 * 24))
    ]
    zero = dict.fromkeys(("warning", "critical", "unknown", "maintenance"), 0)
    daily = [
        {"check": name, "day": day_of(now - number * DAY), "ok": 24, **zero}
        for name in checks
        for number in range(365)
    ]
    copied = [column for column in results.c if column.name not in ("id", "check")]
    async with database.begin() as session:
        await session.execute(insert(results), hourly)
        await session.execute(insert(days), daily)
        for name in list(checks)[1:]:
            first = select(literal(name), *copied).where(results.c.check == "c0")
            columns = ["check", *(column.name for column in copied)]
            await session.execute(insert(results).from_select(columns, first))
    took = []
    for _ in range(5):
        started = time.perf_counter()
        overview = await history.overview()
        took.append(time.perf_counter() - started)
    assert len(overview.checks) == 10
    assert all(len(check.days) == 90 for check in overview.checks)
    assert sorted(took)[2] < 0.1, took


# Notices


async def test_a_notice_keeps_its_history(kept: Kept) -> None:
    wanted = {"kind": "announcement", "title": "New disks", "begin": 1000}
    notice = await kept.notices.add(wanted, "ann", 1000)
    await kept.notices.change(notice.id, {**wanted, "title": "Old disks"}, "bob", 1001)
    await kept.notices.withdraw(notice.id, "ann", 1002)
    history = await kept.notices.history(notice.id)
    told = [(n.title, n.author, n.withdrawn) for n in history]
    assert told == [
        ("New disks", "ann", False),
        ("Old disks", "bob", False),
        ("Old disks", "ann", True),
    ]
    assert not (await kept.notices.get(notice.id)).is_on(2000)


@pytest.mark.parametrize("end", [None, 1000, 500])
async def test_maintenance_needs_an_end_after_its_beginning(
    kept: Kept, end: float | None
) -> None:
    wanted = {"kind": "maintenance", "title": "x", "begin": 1000, "end": end}
    with pytest.raises(PublicError, match="end"):
        await kept.notices.add(wanted, "ann", 1000)
    assert await kept.notices.all() == []


# Notifications


async def test_what_could_not_be_delivered_is_delivered_after_a_restart(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook() as hook:
        channels = make_channels([{"kind": "webhook", "url": hook.url}])
        before = Kept(kept.database, channels)
        await before.record(Code.CRITICAL, "No answer")
        with delivering(before.outbox):
            await until(lambda: hook.asked == 1, what="the refused delivery")
            await until(lambda: "again in" in caplog.text, what="its retry")
        hook.status = 200
        after = Kept(kept.database, channels)
        with delivering(after.outbox):
            await until(lambda: len(hook.taken) == 1, what="the delivery")
    assert b"The Hub fails (CRITICAL): No answer" in hook.taken[0]
    assert "s3cret" not in caplog.text


async def test_nobody_hears_of_a_failure_after_its_end(kept: Kept) -> None:
    with webhook() as hook:
        channels = make_channels([{"kind": "webhook", "url": hook.url}])
        told = Kept(kept.database, channels)
        await told.record(Code.CRITICAL, "No answer")
        with delivering(told.outbox):
            await until(lambda: hook.asked == 1, what="the refused delivery")
            # Its next try is seconds away when the next news is due at once.
            hook.status = 200
            await told.record(Code.OK)
            await until(lambda: len(hook.taken) == 1, what="the delivery")

            async def empty() -> bool:
                return await told.outbox._due(float("inf")) == []

            await wait_for(empty, what="an empty outbox")
    assert b"The Hub works again" in hook.taken[0]
    assert len(hook.taken) == 1


async def test_during_maintenance_nobody_is_called(kept: Kept) -> None:
    now = time.time()
    wanted = {"kind": "maintenance", "title": "x", "begin": now - 9, "end": now + 9}
    await kept.notices.add(wanted, "ann", now)
    channels = make_channels([{"kind": "webhook", "url": "http://127.0.0.1:9/"}])
    silent = Kept(kept.database, channels)
    await silent.record(Code.CRITICAL)
    assert await silent.outbox._due(now + 9) == []
    (day,) = (await kept.store.days("2000-01-01"))["hub"]
    assert (day.critical, day.maintenance) == (0, 1)
    # It still fails when maintenance is over: now somebody has to know.
    await silent.record(Code.CRITICAL, at=now + 10)
    (delivery,) = await silent.outbox._due(now + 20)
    assert delivery.message["event"] == "failed"
