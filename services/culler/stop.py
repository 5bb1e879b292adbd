"""Stops one server or removes one user: look again, write down, act, verify."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from jupyterhub_suite.services.errors import (
    HubError,
    HubFailed,
    HubMissing,
    HubUnreachable,
)
from jupyterhub_suite.services.hub import HubClient, api_path

from .metrics import CullerMetrics
from .policy import Action, Decision, decide_user
from .retention import Retention
from .server import Key
from .store import Store
from .survey import Finding, Leaving, Surveyor

LONGEST_PAUSE = 5.0

Activity = datetime | None


class Outcome(str, Enum):
    STOPPED = "stopped"
    REMOVED = "removed"
    # Used again, kept or gone since the sweep looked.
    SPARED = "spared"
    # The Hub took the word, and the server was still there when patience ended.
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True)
class Stopper:
    hub: HubClient
    store: Store
    surveyor: Surveyor
    metrics: CullerMetrics
    log: logging.Logger
    clock: Callable[[], datetime]
    remove_named_servers: bool = False
    patience: float = 60
    attempts: int = 3
    retention: Retention | None = None

    async def stop(self, key: Key, by: str) -> Outcome:
        """Stop a server if it is still to be stopped."""
        finding = await self._find(key)
        if finding is None or finding.decision.action is not Action.STOP:
            return Outcome.SPARED
        return await self.stop_now(key, finding.decision, by)

    async def stop_now(self, key: Key, decision: Decision, by: str) -> Outcome:
        self.log.info("Stopping server %s: %s", key, decision.reason)
        number = await self.store.begin_stop("server", key, decision, by, self.clock())
        try:
            gone = await self._stop_and_verify(key)
            outcome, detail = (Outcome.STOPPED, "") if gone else (Outcome.SLOW, "")
        except HubError as error:
            outcome, detail = Outcome.FAILED, str(error)
        if outcome is not Outcome.STOPPED:
            self.log.warning("Server %s: %s %s", key, outcome.value, detail)
        await self.store.end_stop(number, outcome.value, detail, self.clock())
        self.metrics.count_stop("server", decision, outcome.value)
        return outcome

    async def remove(self, leaving: Leaving, by: str, stopped: Activity) -> Outcome:
        """Remove a user, if they still have no server and are still to go.

        To stop a server counts as its user's activity for the Hub, though not for
        us: `stopped` is that activity, if we stopped one.
        """
        user = leaving.person.name
        found = await self.surveyor.person_again(user)
        if found is None or found[1]:
            return Outcome.SPARED
        person = found[0]
        if stopped and person.last_activity and person.last_activity <= stopped:
            person = replace(person, last_activity=leaving.person.last_activity)
        decision = decide_user(person, self.clock(), self.surveyor.rules)
        if decision.action is not Action.STOP:
            return Outcome.SPARED
        self.log.info("Removing user %s: %s", user, decision.reason)
        key = Key(user, "")
        number = await self.store.begin_stop("user", key, decision, by, self.clock())
        outcome, detail = Outcome.REMOVED, ""
        try:
            await self._delete(api_path("users", user))
        except HubError as error:
            outcome, detail = Outcome.FAILED, str(error)
            self.log.warning("User %s: %s", user, detail)
        await self.store.end_stop(number, outcome.value, detail, self.clock())
        self.metrics.count_stop("user", decision, outcome.value)
        if outcome is Outcome.REMOVED and self.retention:
            await self.retention.begin(user, self.clock())
        return outcome

    async def look_after_unfinished(self) -> int:
        """What an earlier life of ours was about to do, and did not note the end of."""
        stops = await self.store.unfinished_stops()
        for stop in stops:
            if stop.kind == "user":
                found = await self.surveyor.person_again(stop.user)
                outcome = Outcome.FAILED if found else Outcome.REMOVED
            else:
                there = await self._is_there(Key(stop.user, stop.server))
                outcome = Outcome.FAILED if there else Outcome.STOPPED
            detail = "The culler was interrupted, and looked again later"
            await self.store.end_stop(stop.id, outcome.value, detail, self.clock())
        return len(stops)

    async def _find(self, key: Key) -> Finding | None:
        try:
            found = await self.surveyor.look_again(key.user, self.clock())
        except HubMissing:
            return None
        return next((each for each in found if each.server.key == key), None)

    async def _is_there(self, key: Key) -> bool:
        try:
            model = await self.hub.get(api_path("users", key.user))
        except HubMissing:
            return False
        server = (model.get("servers") or {}).get(key.server)
        return bool(server and not server.get("stopped"))

    async def _stop_and_verify(self, key: Key) -> bool:
        path = server_path(key)
        remove = bool(key.server) and self.remove_named_servers
        await self._delete(path, {"remove": True} if remove else None)
        return await self._wait_until_gone(key)

    async def _delete(self, path: str, body: object = None) -> None:
        """Asked again after a failure: what is gone already is what was wanted."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((HubUnreachable, HubFailed)),
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE),
            reraise=True,
        ):
            with attempt:
                try:
                    await self.hub.delete(path, body)
                except HubMissing:
                    return

    async def _wait_until_gone(self, key: Key) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        pause = 0.2
        while await self._is_there(key):
            if loop.time() + pause > deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        return True


def server_path(key: Key) -> str:
    if key.server:
        return api_path("users", key.user, "servers", key.server)
    return api_path("users", key.user, "server")
