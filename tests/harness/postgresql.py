"""PostgreSQL: a cluster of databases of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import lack, need
from tests.harness.processes import ProcessError, wait_for

# Loses data when the machine crashes, but not when PostgreSQL does.
FAST = ("fsync=off", "full_page_writes=off")


class PostgreSQL(Daemon):
    name = "postgresql"
    # "Fast": without waiting for clients to leave.
    stop_signal = signal.SIGINT

    def __init__(self, _folder: Path, options: Sequence[str] = ()) -> None:
        # Not below pytest's folder: PostgreSQL does not run as root, and every
        # start of a pytest on this machine closes that folder to all others.
        self._own = tempfile.TemporaryDirectory(prefix="postgresql-")
        super().__init__(Path(self._own.name))
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
            for folder in (self.folder, data):
                shutil.chown(folder, "postgres", "postgres")
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

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        self._own.cleanup()

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
