"""Looks on this machine: for hubs that start servers where the service runs."""

from __future__ import annotations

import asyncio
import os
import pwd
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any

from .base import BaseValidator, Verdict
from .probes import PROBES, TIMED_OUT, find_fault


class LocalValidator(BaseValidator):
    """Runs the tests as the user, if it may; as the service's own user if not."""

    def __init__(self, timeout: float = 10) -> None:
        super().__init__()
        self.timeout = timeout

    async def validate(
        self, user: str, path: str, entrypoint_type: str, hosts: list[str]
    ) -> tuple[bool | None, str]:
        fault = find_fault(path, entrypoint_type)
        if fault is not None:
            return fault
        probe = PROBES[entrypoint_type]
        try:
            identity = identity_of(user)
        except KeyError:
            return Verdict(False, f"This machine has no user {user}.")
        try:
            process = await asyncio.create_subprocess_exec(
                *probe.command(path),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                start_new_session=True,
                **identity,
            )
        except OSError as error:
            return Verdict(False, f"It could not be checked: {error.strerror}.")
        return await self._end(process, probe)

    async def _end(self, process: asyncio.subprocess.Process, probe: Any) -> Verdict:
        try:
            _, errors = await asyncio.wait_for(process.communicate(), self.timeout)
        except asyncio.TimeoutError:
            return Verdict(False, TIMED_OUT)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return probe.verdict(process.returncode, errors.decode(errors="replace"))


def identity_of(user: str) -> dict[str, Any]:
    """As whom to run: only root can become somebody else."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    groups = os.getgrouplist(user, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}
