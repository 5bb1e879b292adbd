"""Work that is done again and again beside everything else."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod


class Repeated(ABC):
    """Does `once` every so many seconds; what goes wrong is logged, and ends nothing."""

    def __init__(self, *, interval: float, log: logging.Logger) -> None:
        self.interval = interval
        self.log = log
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def once(self) -> None:
        """What is to be done."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.once()
            except Exception:
                self.log.exception("%s goes on after", type(self).__name__)
            await asyncio.sleep(self.interval)
