"""PostgreSQL: a cluster of databases of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import anyio

from tests.harness.daemon import Daemon
from tests.harness.parts import lack, need
from tests.harness.ports import free_port
from tests.harness.processes import ProcessError, wait_for

# Loses data when the machine crashes, but not when PostgreSQL does.
FAST = ("fsync=off", "full_page_writes=off")


class PostgreSQL(Daemon):
    name = "postgresql"
    # "Fast": without waiting for clients to leave.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.options = (*FAST, *options)
        self._numbers = itertools.count(1)

    def argv(self) -> Sequence[str | Path]:
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            *self.options,
        ]
        return [
            *as_nobody_special(),
            program("postgres"),
            *("-D", self.folder / "data"),
            *(word for setting in settings for word in ("-c", setting)),
        ]

    async def prepare(self) -> None:
        initdb = program("initdb")
        data = self.folder / "data"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(data, "postgres", "postgres")
            let_through(self.folder)
        await self.run(
            *as_nobody_special(),
            initdb,
            *("-D", data, "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--no-locale"),
        )

    async def ready(self) -> None:
        async def accepts() -> bool:
            answer = await anyio.run_process(
                [
                    str(program("pg_isready")),
                    *("-q", "-h", "127.0.0.1", "-p", str(self.port)),
                ],
                check=False,
            )
            return answer.returncode == 0

        await wait_for(accepts, what="PostgreSQL accepting", process=self.process)

    async def new_database(self) -> str:
        """The URL of an empty database that nobody else uses."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        createdb = program("createdb")
        at = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")
        await self.run(createdb, *at, name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    async def run(self, *argv: str | Path) -> None:
        answer = await anyio.run_process(
            [str(word) for word in argv], check=False, cwd=self.folder
        )
        if answer.returncode:
            raise ProcessError(f"{argv}: {answer.stderr.decode()}")


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of the same release as its server."""
    return need("postgresql").resolve().with_name(name)


def as_nobody_special() -> list[str | Path]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        lack("setpriv is not installed: apt-get install util-linux")
    return [setpriv, "--reuid=postgres", "--regid=postgres", "--init-groups"]


def let_through(folder: Path) -> None:
    """Other users may pass through pytest's folders to what is theirs."""
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
