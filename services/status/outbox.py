"""Messages on their way out: kept until they are delivered, also over a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from jupyterhub_suite.services.database import Database

from .asking import changed
from .channels.base import Channel, DeliveryFailed
from .news import Message
from .tables import deliveries

LOOK = 2.0
# While one replica delivers, no other does.
HOLD = 60.0
FIRST_WAIT, LONGEST_WAIT = 5.0, 3600.0
# News of a day ago is no news.
GIVE_UP = 86400.0


@dataclass(frozen=True)
class Delivery:
    id: int
    channel: str
    message: dict[str, Any]
    created: float
    attempts: int
    next_try: float


def wait_after(attempts: int) -> float:
    """Longer from one failure to the next, up to an hour."""
    return min(FIRST_WAIT * 2**attempts, LONGEST_WAIT)


class Outbox:
    def __init__(
        self, database: Database, channels: Mapping[str, Channel], log: logging.Logger
    ) -> None:
        self._database = database
        self._channels = channels
        self._log = log

    async def put(self, session: AsyncSession, message: Message, now: float) -> None:
        """Let every channel tell it: in the transaction of what happened."""
        for channel in self._channels:
            row = {
                "channel": channel,
                "message": asdict(message),
                "created": now,
                "attempts": 0,
                "next_try": now,
            }
            await session.execute(insert(deliveries).values(row))

    async def run(self) -> None:
        """Deliver what is due, until cancelled."""
        while True:
            try:
                due = await self._due(time.time())
                # A channel that does not answer keeps no other waiting.
                channels = {delivery.channel for delivery in due}
                await asyncio.gather(
                    *(
                        self._deliver_all([d for d in due if d.channel == channel])
                        for channel in channels
                    )
                )
            except (SQLAlchemyError, OSError) as error:
                self._log.error("Notifications wait: %s", type(error).__name__)
            await asyncio.sleep(LOOK)

    async def _due(self, now: float) -> list[Delivery]:
        # What waits longer than it can is from before a jump of the clock.
        late = (deliveries.c.next_try <= now) | (
            deliveries.c.next_try > now + 2 * LONGEST_WAIT
        )
        wanted = select(deliveries).where(late).order_by(deliveries.c.id).limit(50)
        async with self._database.read() as session:
            rows = await session.execute(wanted)
            return [Delivery(**row._mapping) for row in rows]

    async def _deliver_all(self, deliveries: Iterable[Delivery]) -> None:
        """In the order in which it happened, until the channel takes no more."""
        for delivery in deliveries:
            if not await self._deliver(delivery):
                return

    async def _deliver(self, delivery: Delivery) -> bool:
        if not await self._claim(delivery):
            return True
        channel = self._channels.get(delivery.channel)
        if channel is not None:  # else it is not set any more
            try:
                await channel.deliver(delivery.message)
            except DeliveryFailed as error:
                await self._failed(delivery, error)
                return False
        await self._drop(delivery)
        return True

    async def _claim(self, delivery: Delivery) -> bool:
        """Compare and swap, as with leases."""
        seen = (deliveries.c.id == delivery.id) & (
            deliveries.c.next_try == delivery.next_try
        )
        hold = update(deliveries).where(seen).values(next_try=time.time() + HOLD)
        async with self._database.begin() as session:
            return await changed(session, hold) == 1

    async def _failed(self, delivery: Delivery, error: DeliveryFailed) -> None:
        now = time.time()
        if now - delivery.created > GIVE_UP:
            self._log.error("Notification by %s given up: %s", delivery.channel, error)
            await self._drop(delivery)
            return
        wait = wait_after(delivery.attempts)
        row = deliveries.c.id == delivery.id
        values = {"attempts": delivery.attempts + 1, "next_try": now + wait}
        async with self._database.begin() as session:
            await session.execute(update(deliveries).where(row).values(values))
        self._log.warning(
            "Notification by %s failed (%s), again in %g s",
            delivery.channel,
            error,
            wait,
        )

    async def _drop(self, delivery: Delivery) -> None:
        """It is done, and with it what came before it: nobody is told of a failure
        after they were told that it works again."""
        check = deliveries.c.message["check"].as_string()
        overtaken = (
            (deliveries.c.channel == delivery.channel)
            & (deliveries.c.id <= delivery.id)
            & (check == delivery.message["check"])
        )
        async with self._database.begin() as session:
            await session.execute(delete(deliveries).where(overtaken))
