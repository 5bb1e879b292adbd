"""A replica with one check that never ends by itself: to be killed by a test.

python -m tests.services.status.holder DATABASE_URL FILE
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

from jupyterhub_suite.services.status import schedule

# Shorter than in earnest, before anybody has read it.
schedule.LEASE = 1.5

from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.status.app import StatusService
from jupyterhub_suite.services.status.checks.base import (
    Check,
    Journal,
    Site,
)
from jupyterhub_suite.services.status.model import Finding, Result
from jupyterhub_suite.services.status.scheduler import Scheduler
from jupyterhub_suite.services.status.store import Store

from .sites import site_at


def note_down(what: str) -> None:
    with Path(sys.argv[2]).open("a", encoding="utf-8") as diary:
        diary.write(f"{what} {os.getpid()}\n")


class Endless(Check):
    kind = "endless"

    async def probe(self, site: Site, journal: Journal) -> Finding:
        note_down("ran")
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def clean_up(self, site: Site) -> None:
        note_down("cleaned up")


async def record(result: Result) -> None:
    raise AssertionError(f"it ended: {result}")


async def main() -> None:
    database = Database(sys.argv[1], "status", StatusService.migrations)
    await database.upgrade()
    store, check = Store(database), Endless("endless", timeout=600)
    await store.plan({"endless": 60}, time.time())
    log = logging.getLogger("holder")
    async with site_at("http://127.0.0.1:9/", "http://127.0.0.1:9/", "x") as site:
        scheduler = Scheduler(
            {"endless": check}, store, lambda _: site, record, str(os.getpid()), log
        )
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await scheduler.run()


asyncio.run(main())
