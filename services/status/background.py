"""What the service does while nobody asks it anything."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from jupyterhub_suite.services.errors import HubError

from .summary import moment

Work = Callable[[], Coroutine[Any, Any, None]]

# A database or a Hub that is away comes back; the work goes on then.
PASSING = (SQLAlchemyError, OSError, HubError)
DAY = 86400


async def together(*work: Work) -> None:
    """Do all of it until cancelled; the first error ends the others too."""
    tasks = [asyncio.create_task(part()) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def later(seconds: float, work: Work) -> Work:
    async def start() -> None:
        await asyncio.sleep(seconds)
        await work()

    return start


def every(
    seconds: float,
    work: Callable[[], Awaitable[None]],
    failed: str,
    log: logging.Logger,
) -> Work:
    """Do it again and again; a failure is told in these words, and passes."""

    async def repeat() -> None:
        while True:
            try:
                await work()
            except PASSING as error:
                # A Hub's error is ours; a database's may quote what it was told.
                said = str(error) if isinstance(error, HubError) else ""
                log.warning("%s: %s", failed, said or type(error).__name__)
            await asyncio.sleep(seconds)

    return repeat


def kept_since(keep_results: int, keep_days: int) -> tuple[float, str]:
    """From when on single results are kept, and from which day on counts of days."""
    now = time.time()
    first_day = moment(now).date() - timedelta(days=keep_days)
    return now - keep_results * DAY, first_day.isoformat()
