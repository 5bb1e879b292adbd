"""How long the status page takes with a year of hourly results of ten checks.

    python benchmarks/status.py

The year is counted by the service's own functions and its last days are written by its
own store, so that counts of days, histograms and incidents are what they would be. All
single results are kept, although only 90 days are by default. A service in a process of its own then answers the page and its JSON,
from SQLite and from PostgreSQL in turns, one request after the other. Given besides, for
they say nearly the same on a busy machine as on a quiet one: the times without what
service and client waited for a core, and the CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.status import tables
from jupyterhub_suite.services.status.app import StatusService
from jupyterhub_suite.services.status.incidents import Change, Incident, next_step
from jupyterhub_suite.services.status.model import Code, Result, Stage
from jupyterhub_suite.services.status.notices import Notices
from jupyterhub_suite.services.status.results import to_row
from jupyterhub_suite.services.status.store import Store
from jupyterhub_suite.services.status.summary import day_of
from jupyterhub_suite.services.status.tally import Tally, counted
from tests.harness.postgresql import PostgreSQL
from tests.harness.processes import Process

HOUR, DAY = 3600.0, 86400.0
SPAWN = ("clean up", "user", "start", "open", "kernel", "code", "file", "stop")
CHECKS: dict[str, tuple[str, ...]] = {
    "hub": ("api", "write", "servers"),
    "proxy": ("login page", "routes", "certificate"),
    "spawn": SPAWN,
    "spawn-gpu": SPAWN,
    **{f"web-{number}": ("request",) for number in range(1, 7)},
}
# How many days are written as the service itself writes them.
LAST_DAYS = 5
# One run in so many fails, and then some more.
FAILURES = 400
SETTINGS = {
    "hub": {"kind": "hub"},
    "proxy": {"kind": "proxy"},
    "spawn": {"kind": "spawn"},
    "spawn-gpu": {"kind": "spawn"},
}
CONFIGURATION = """
c.StatusService.checks = {checks!r}
# Nothing but the answers is measured: no check is run, and no Hub is asked.
c.StatusService.start_delay = 86400
c.StatusService.keep_results = 400
c.StatusService.log_level = "WARN"
"""
WAYS = {
    "page": {"Accept": "text/html"},
    "JSON": {"Accept": "application/json"},
}


# A year


def results(now: float, days: int) -> Iterator[list[Result]]:
    """All that ten checks find, day by day, from the same seed."""
    chance = random.Random(5)
    broken: dict[str, int] = dict.fromkeys(CHECKS, 0)
    begin = now - days * DAY
    for day in range(days):
        yield [
            result(name, begin + day * DAY + hour * HOUR, broken, chance)
            for hour in range(1, 25)
            for name in CHECKS
        ]


def result(
    name: str, at: float, broken: dict[str, int], chance: random.Random
) -> Result:
    stages = tuple(Stage(s, chance.uniform(0.02, 2)) for s in CHECKS[name])
    if broken[name] == 0 and chance.randrange(FAILURES) == 0:
        broken[name] = chance.randrange(1, 6)
    code, msg = Code.OK, f"{name} was tried, and all that it did was as it should be"
    if broken[name]:
        broken[name] -= 1
        code, msg = Code.CRITICAL, "start: The server did not start: no node is free"
    return Result(name, at, sum(s.seconds for s in stages), code, msg, stages)


async def fill(url: str, days: int) -> None:
    """Most of it at once, and the last days as the service itself writes them."""
    database = Database(url, "status", StatusService.migrations)
    await database.upgrade()
    store, now = Store(database), time.time()
    await store.plan(dict.fromkeys(CHECKS, HOUR), now)
    year = list(results(now, days))
    long_ago = [one for of_a_day in year[:-LAST_DAYS] for one in of_a_day]
    async with database.begin() as session:
        for table, rows in tabulate(long_ago).items():
            await session.execute(insert(table), rows)
    for of_a_day in year[-LAST_DAYS:]:
        async with database.begin() as session:
            for one in of_a_day:
                await store.add(session, one, maintenance=False)
                await follow(store, session, one)
    await announce(Notices(database), now)
    await database.close()


def tabulate(found: list[Result]) -> dict[Table, list[dict[str, Any]]]:
    """Results, and all that is counted of them, as rows."""
    totals: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
    daily: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    failing: dict[str, Incident] = {}
    over: list[Incident] = []
    for one in found:
        daily[one.check, day_of(one.time)][one.code.name.lower()] += 1
        for what, seconds in counted(one):
            totals[one.check, what] = totals[one.check, what].plus(seconds, one.time)
        if step := next_step(failing.pop(one.check, None), [one], threshold=1):
            if step.change is Change.ENDED:
                over.append(step.incident)
            else:
                failing[one.check] = step.incident
    nothing = dict.fromkeys(("ok", "warning", "critical", "unknown", "maintenance"), 0)
    return {
        tables.results: [to_row(one) for one in found],
        tables.days: [
            {"check": check, "day": day, **nothing, **counts}
            for (check, day), counts in daily.items()
        ],
        tables.tallies: [
            {"check": check, "what": what, **asdict(tally)}
            for (check, what), tally in totals.items()
        ],
        tables.incidents: [
            {name: value for name, value in asdict(incident).items() if name != "id"}
            for incident in [*over, *failing.values()]
        ],
    }


async def follow(store: Store, session: AsyncSession, result: Result) -> None:
    """What a result makes of an incident."""
    incident = await store.open_incident(session, result.check)
    if step := next_step(incident, [result], threshold=1):
        await store.take_step(session, step)


async def announce(notices: Notices, now: float) -> None:
    for week in range(0, 52, 4):
        begin = now - week * 7 * DAY
        wanted = {
            "kind": "maintenance",
            "title": f"New disks, part {week}",
            "text": "Servers are stopped at the beginning.",
            "begin": begin - HOUR,
            "end": begin,
        }
        await notices.add(wanted, "ann", now)


# The service


@asynccontextmanager
async def serve(folder: Path, database_url: str) -> AsyncIterator[tuple[str, int]]:
    described = [{"interval": 3600.0, **options(name), "name": name} for name in CHECKS]
    text = CONFIGURATION.format(checks=described)
    folder.joinpath("status_config.py").write_text(text)
    port = free_port()
    env = {
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}/services/status/",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
        "JUPYTERHUB_API_TOKEN": "0123456789abcdef",
        "JUPYTERHUB_SUITE_DATABASE_URL": database_url,
    }
    argv = [sys.executable, "-m", "jupyterhub_suite.services.status"]
    async with Process("status", argv, folder, env=env) as service:
        await service.listens(port)
        yield env["JUPYTERHUB_SERVICE_URL"], service.pid


def options(name: str) -> dict[str, Any]:
    return SETTINGS.get(name, {"kind": "http", "url": "http://127.0.0.1:9/"})


# What is measured


@dataclass
class Taken:
    seconds: list[float] = field(default_factory=list)
    # … of which it was waited for a core.
    waited: list[float] = field(default_factory=list)
    computing: float = 0
    size: int = 0


async def measure(url: str, pid: int, way: str, count: int, taken: Taken) -> None:
    async with httpx.AsyncClient(trust_env=False, headers=WAYS[way]) as http:
        for _ in range(5):
            await http.get(url)  # templates, connections
        before = busy_seconds(pid)
        for _ in range(count):
            waited = wait_for_core(pid, os.getpid())
            began = time.perf_counter()
            answer = await http.get(url)
            taken.seconds.append(time.perf_counter() - began)
            taken.waited.append(wait_for_core(pid, os.getpid()) - waited)
            answer.raise_for_status()
            taken.size = len(answer.content)
        taken.computing += busy_seconds(pid) - before


def busy_seconds(pid: int) -> float:
    """What the process computed so far: hardly changed by a busy machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_core(*pids: int) -> float:
    """For how long threads of these processes could have run, but had no core."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((t / "schedstat").read_text().split()[1]) for t in tasks) / 1e9


def report(name: str, way: str, taken: Taken) -> None:
    count = len(taken.seconds)
    net = [all_ - w for all_, w in zip(taken.seconds, taken.waited, strict=True)]
    print(
        f"{name:<11}{way:<5}{count:>4} requests of {taken.size / 1024:4.0f} KiB"
        f"   {median_and_99th(taken.seconds)}"
        f"   without the wait for a core: {median_and_99th(net)}"
        f"   computing {taken.computing / count * 1000:5.1f} ms a request"
    )


def median_and_99th(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return (
        f"median {cuts[49] * 1000:5.1f} ms, 99th percentile {cuts[98] * 1000:5.1f} ms"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=int, default=365)
    wanted = parser.parse_args()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(PostgreSQL(folder / "postgresql"))
        databases = {
            "SQLite": f"sqlite:///{folder}/status.sqlite",
            "PostgreSQL": await server.new_database(),
        }
        for name, url in databases.items():
            began = time.perf_counter()
            await fill(url, wanted.days)
            print(f"{name}: filled in {time.perf_counter() - began:.0f} s")
        taken = {(name, way): Taken() for name in databases for way in WAYS}
        for _ in range(wanted.rounds):
            for name, url in databases.items():
                async with serve(folder, url) as (address, pid):
                    for way in WAYS:
                        count = wanted.requests // wanted.rounds
                        await measure(address, pid, way, count, taken[name, way])
        for (name, way), of_it in taken.items():
            report(name, way, of_it)


if __name__ == "__main__":
    asyncio.run(main())
