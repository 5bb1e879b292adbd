"""How long the Hub waits for the entrypoint service on its way to a server's start.

    python -m benchmarks.entrypoint [--rate 100] [--seconds 5] [--rounds 7]
    python -m benchmarks.entrypoint --write

Fills a database with users, ten entrypoints each, and asks for selections at a
fixed rate, whether or not earlier answers have come; on SQLite and on a PostgreSQL
of its own, in turn. Prints medians, 99th percentiles, and what the service computes
for each; `--write` puts the medians of the rounds into docs/entrypoint.md as well.
The third row is the control: the same service at the same rate, asked for what stands
in no database. What is slow there is the machine.
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
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import insert

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.entrypoint.app import EntrypointService
from jupyterhub_suite.services.entrypoint.model import (
    Check,
    Entrypoint,
    EntrypointSystem,
    Selection,
    now,
)
from tests.harness.postgresql import PostgreSQL
from tests.harness.processes import Process

DOCS = Path(__file__).resolve().parents[1] / "docs" / "entrypoint.md"
BEGIN, END = "<!-- by benchmarks/entrypoint.py --write -->", "<!-- end -->"
TOKEN = "0123456789abcdef"
PER_USER = 10
SETTINGS = """
c.EntrypointService.systems = [{"name": "cori", "hostname": ""}]
c.EntrypointService.entrypoint_types = [{"name": "conda"}, {"name": "script"}]
c.EntrypointService.check_interval = 0
c.EntrypointService.log_level = "WARN"
"""


async def fill(url: str, entrypoints: int) -> None:
    """Many at a time, past the service: filling is not what is measured."""
    database = Database(url, "entrypoint", EntrypointService.migrations)
    await database.upgrade()
    users = entrypoints // PER_USER
    for begin in range(0, users, 500):
        rows = [rows_of(number) for number in range(begin, min(users, begin + 500))]
        async with database.engine.begin() as connection:
            for table, at in (
                (Entrypoint, 0),
                (EntrypointSystem, 1),
                (Selection, 2),
                (Check, 3),
            ):
                values = [value for row in rows for value in row[at]]
                await connection.execute(insert(table), values)
    await database.close()


def rows_of(number: int) -> tuple[list[dict], list[dict], list[dict], list[dict]]:
    user, moment = f"user{number}", now()
    ids = [f"{number:08x}{one:024x}" for one in range(PER_USER)]
    entrypoints = [
        {
            "id": one,
            "owner": user,
            "name": f"environment {place}",
            "type": "conda",
            "entrypoint": f"/home/{user}/envs/{place}",
            "fields": {},
            "public": False,
            "created": moment,
            "updated": moment,
            "use_count": 0,
        }
        for place, one in enumerate(ids)
    ]
    systems = [{"entrypoint_id": one, "system": "cori"} for one in ids]
    key = {"user": user, "system": "cori", "entrypoint_id": ids[0]}
    selection = {**key, "server": "", "name": "environment 0", "selected": moment}
    check = {**key, "result": True, "message": "It works.", "checked": moment}
    return entrypoints, systems, [selection], [check]


@asynccontextmanager
async def serve(folder: Path, database_url: str) -> AsyncIterator[tuple[str, int]]:
    folder.joinpath("entrypoint_config.py").write_text(SETTINGS)
    port = free_port()
    env = {
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}/services/entrypoint/",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
        "JUPYTERHUB_API_TOKEN": TOKEN,
        "JUPYTERHUB_SUITE_DATABASE_URL": database_url,
    }
    argv = [sys.executable, "-m", "jupyterhub_suite.services.entrypoint"]
    async with Process("entrypoint", argv, folder, env=env) as service:
        await service.listens(port)
        yield env["JUPYTERHUB_SERVICE_URL"], service.pid


def busy_seconds(pid: int) -> float:
    """What the process computed so far: hardly changed by a busy machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(http: httpx.AsyncClient, url: str, users: int) -> float:
    """For a selection; of no users, for what stands in no database."""
    user = f"user{random.randrange(users or 1)}"
    path = f"hub/users/{user}/systems/cori?groups=told" if users else "hub/systems"
    began = time.perf_counter()
    answer = await http.get(url + path)
    took = time.perf_counter() - began
    assert not users or answer.json()["settings"]["cmd"], answer.text
    return took


async def measure(url: str, users: int, rate: int, seconds: float) -> list[float]:
    headers = {"Authorization": f"token {TOKEN}"}
    asked: list[asyncio.Task[float]] = []
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        for _ in range(rate):
            await ask(http, url, users)  # connections, caches
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0, began + number / rate - time.perf_counter()))
            asked.append(asyncio.create_task(ask(http, url, users)))
        return list(await asyncio.gather(*asked))


class Figures(NamedTuple):
    """Of one round, in milliseconds."""

    median: float
    slow: float
    computing: float

    def __str__(self) -> str:
        return (
            f"median {self.median:6.1f} ms   99th percentile {self.slow:6.1f} ms"
            f"   computing {self.computing:5.2f} ms a request"
        )


def figures(took: list[float], busy: float) -> Figures:
    cuts = statistics.quantiles(took, n=100)
    return Figures(cuts[49] * 1000, cuts[98] * 1000, busy / len(took) * 1000)


def of_all(rounds: list[Figures]) -> Figures:
    """The median of the rounds: one that something else disturbed does not count."""
    return Figures(*(statistics.median(column) for column in zip(*rounds, strict=True)))


def write_docs(results: dict[str, list[Figures]]) -> None:
    rows = ["| | median | 99th percentile | computing |", "|---|---|---|---|"]
    for name, rounds in results.items():
        cells = [f"{value:.1f} ms" for value in of_all(rounds)]
        rows.append(f"| {' | '.join([name, *cells])} |")
    before, _, rest = DOCS.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text("\n".join([f"{before}{BEGIN}", *rows, f"{END}{after}"]))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--entrypoints", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(PostgreSQL(folder / "postgresql"))
        databases = {
            "SQLite": f"sqlite:///{folder}/entrypoint.sqlite",
            "PostgreSQL": await server.new_database(),
        }
        for url in databases.values():
            await fill(url, wanted.entrypoints)
        everybody = wanted.entrypoints // PER_USER
        contestants = {name: (url, everybody) for name, url in databases.items()}
        contestants["neither"] = (databases["SQLite"], 0)
        results: dict[str, list[Figures]] = {name: [] for name in contestants}
        for _ in range(wanted.rounds):
            for name, (url, users) in contestants.items():
                async with serve(folder, url) as (service, pid):
                    before = busy_seconds(pid)
                    took = await measure(service, users, wanted.rate, wanted.seconds)
                    results[name].append(figures(took, busy_seconds(pid) - before))
                    print(f"{name:<12}{results[name][-1]}", flush=True)
    for name, rounds in results.items():
        print(f"{name:<12}{of_all(rounds)}   (median of the rounds)")
    if wanted.write:
        write_docs(results)


if __name__ == "__main__":
    asyncio.run(main())
