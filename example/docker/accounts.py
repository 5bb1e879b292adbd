"""Each user's server runs as that user's own account, though the Hub is not root."""

from __future__ import annotations

import asyncio
import pwd
import signal
from asyncio.subprocess import DEVNULL
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner

from jupyterhub_suite.hub.spawners import EntrypointSpawnerMixin

KILL = 'kill -s "$1" -- -"$2"'
NOBODY_HEARD = 1


def become(user: str) -> list[str]:
    """What goes before a command, for sudo to run it as that user (see sudoers)."""
    return ["sudo", "--non-interactive", f"--user={user}"]


class NoAccount(Exception):
    def __init__(self, user: str) -> None:
        super().__init__(user)
        self.jupyterhub_message = (
            f"There is no account {user} here. An administrator makes one with:"
            f" docker exec -it CONTAINER hub-user {user}"
        )


class AccountSpawner(EntrypointSpawnerMixin, LocalProcessSpawner):
    # All of them together end within the ten seconds that `docker stop` waits.
    interrupt_timeout = 3
    term_timeout = 2
    kill_timeout = 1

    async def start(self) -> tuple[str, int]:
        user = self.user.name
        try:
            pwd.getpwnam(user)
        except KeyError:
            raise NoAccount(user) from None
        self.shell_cmd = [*become(user), "--preserve-env", "bash", "-c"]
        return await super().start()

    def make_preexec_fn(self, name: str) -> None:
        """sudo becomes the user."""

    async def _signal(self, sig: signal.Signals | int) -> bool:
        """Whether there was somebody to hear it.

        Sent as the user to all of the server's process group, so a number that was
        the server's before a restart, and is somebody else's now, comes to no harm.
        """
        words = ["sh", "-c", KILL, "sh", str(int(sig)), str(self.pid)]
        sent: Any = await asyncio.create_subprocess_exec(
            *become(self.user.name), *words, stderr=DEVNULL
        )
        status = await sent.wait()
        if status not in (0, NOBODY_HEARD):
            raise RuntimeError(f"sudo kill, as {self.user.name}: exit status {status}")
        return status == 0
