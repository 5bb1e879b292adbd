"""Can a user work? Start a server as a user would, and work in it.

Every stage is timed on its own. What a run makes, it notes first: a run that is
broken off, even by a crash, is cleaned up after by the next one.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from jupyterhub_suite.services.errors import (
    HubConflict,
    HubError,
    HubMissing,
    HubRefused,
)
from jupyterhub_suite.services.hub import api_path

from ..model import Code, Finding
from ..registration import CHECK_USER
from .base import Check, CheckFailed, Journal, Site
from .kernel import Kernel
from .notebook import NotebookServer, code_cells

TEST_FILE = "status-check.txt"
# Between two looks at whether a server is gone.
PATIENCE = 0.5
# What a Hub does with a server by itself, and cannot be told to stop it meanwhile: it
# is stopping it, or looks after a restart whether it still runs.
WAITED_FOR = ("stop", "check")


class SpawnCheck(Check):
    kind = "spawn"
    interval = 3600
    timeout = 300
    options = {
        "user": {"type": "string", "minLength": 1, "default": CHECK_USER},
        "new_user": {"type": "boolean", "default": False},
        "server_name": {"type": "string", "default": ""},
        "user_options": {"type": "object", "default": {}},
        "code": {"type": "string", "default": "print(6 * 7)"},
        "expected": {"type": "string", "default": "42"},
        "notebook": {"type": "string", "default": ""},
        "warn_after": {"type": "number", "exclusiveMinimum": 0},
    }

    async def probe(self, site: Site, journal: Journal) -> Finding:
        with journal.stage("clean up"):
            await self.clean_up(site)
        with journal.stage("user"):
            user = await self._ensure_user(site)
        with journal.stage("start"):
            path = await self._start(site, user, journal)
        server = NotebookServer(site, path)
        with journal.stage("open"):
            await server.open()
        await self._work(server, journal)
        with journal.stage("stop"):
            await self._stop(site, user)
        return self._timed(user, sum(stage.seconds for stage in journal.stages))

    async def _work(self, server: NotebookServer, journal: Journal) -> None:
        with journal.stage("kernel"):
            kernel = await server.start_kernel()
        try:
            with journal.stage("code"):
                await self._run_code(kernel)
            if self["notebook"]:
                with journal.stage("notebook"):
                    for source in code_cells(self["notebook"]):
                        await kernel.run(source)
        finally:
            kernel.close()
        with journal.stage("file"):
            await write_and_read(server)

    async def _run_code(self, kernel: Kernel) -> None:
        printed = (await kernel.run(self["code"])).strip()
        if printed != self["expected"]:
            raise CheckFailed(
                f"The cell {self['code']!r} gave {printed[:80]!r},"
                f" not {self['expected']!r}"
            )

    async def clean_up(self, site: Site) -> None:
        """Leave the user without a server, and the Hub without a user of ours."""
        ours = (await site.memo.read()).get("user")
        # One after the other: a name of a brand-new user is only in the note.
        for user in dict.fromkeys([ours, self._standing_user]):
            if user:
                await self._stop(site, user)
        if ours:
            with suppress(HubMissing):
                await site.hub.delete(api_path("users", ours))
            await site.memo.write({})

    @property
    def _standing_user(self) -> str | None:
        return None if self["new_user"] else self["user"]

    async def _ensure_user(self, site: Site) -> str:
        user = self["user"]
        if self["new_user"]:
            user = f"{user}-{secrets.token_hex(4)}"
        elif await find_user(site, user):
            return user
        # Noted first: should we crash in between, nothing is left behind.
        await site.memo.write({"user": user})
        with suppress(HubConflict):
            await site.hub.post(api_path("users", user))
        return user

    async def _start(self, site: Site, user: str, journal: Journal) -> str:
        """Start the server, follow its progress, and return its path."""
        refused: HubError | None = None
        try:
            await site.hub.post(self._server_path(user), self["user_options"])
        except HubRefused:
            raise
        except HubError as error:
            refused = error  # its progress may tell more
        try:
            return await self._follow(site, user, journal)
        except HubError as error:
            raise CheckFailed(
                f"The server did not start: {refused or error}"
            ) from error

    async def _follow(self, site: Site, user: str, journal: Journal) -> str:
        async for event in site.hub.events(f"{self._server_path(user)}/progress"):
            journal.note(str(event.get("message", "")))
            if event.get("failed"):
                break
            if event.get("ready"):
                return event["url"]
        raise CheckFailed(f"The server did not start: {journal.last_note}")

    async def _stop(self, site: Site, user: str) -> None:
        """Stop the server if there is one, and wait until it is gone."""
        asked = False
        while server := await self._server(site, user):
            if not asked and server.get("pending") not in WAITED_FOR:
                asked = await self._ask_to_stop(site, user)
            await asyncio.sleep(PATIENCE)

    async def _ask_to_stop(self, site: Site, user: str) -> bool:
        """False where the Hub wants us to wait: version 5 ends no pending start."""
        body = {"remove": True} if self["server_name"] else None
        try:
            await site.hub.delete(self._server_path(user), body)
        except HubMissing:
            return True
        except HubError as error:
            if "pending" not in str(error):
                raise
            return False
        return True

    async def _server(self, site: Site, user: str) -> Mapping[str, Any] | None:
        """The user's server, if it runs or is on its way up or down."""
        record = await find_user(site, user) or {}
        server = (record.get("servers") or {}).get(self["server_name"])
        return server if server and not server.get("stopped") else None

    def _server_path(self, user: str) -> str:
        if self["server_name"]:
            return api_path("users", user, "servers", self["server_name"])
        return api_path("users", user, "server")

    def _timed(self, user: str, seconds: float) -> Finding:
        msg = f"A server for {user} was started, used and stopped in {seconds:.1f} s"
        limit = self["warn_after"]
        if limit and seconds > limit:
            return Finding(Code.WARNING, f"{msg}, which is more than {limit:g} s")
        return Finding(Code.OK, msg)


async def find_user(site: Site, user: str) -> Mapping[str, Any] | None:
    with suppress(HubMissing):
        return await site.hub.get(api_path("users", user))
    return None


async def write_and_read(server: NotebookServer) -> None:
    """A file in the home folder, which is where a full or a lost disk shows."""
    text = secrets.token_hex(16)
    try:
        await server.write(TEST_FILE, text)
        if await server.read(TEST_FILE) != text:
            raise CheckFailed(f"{TEST_FILE} in the home folder was read back changed")
    finally:
        # Half a file may be there also when writing failed.
        with suppress(CheckFailed):
            await server.delete(TEST_FILE)
