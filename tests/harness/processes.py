"""A child process with a log, and waiting for what it does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import anyio
import httpx

if TYPE_CHECKING:
    from typing_extensions import Self

GUARDIAN = Path(__file__).with_name("guardian.py")
LOG_LINES_SHOWN = 60

T = TypeVar("T")

# Those that have started and not been closed: a failing test shows their logs.
alive: list[Process] = []


class ProcessError(AssertionError):
    """A child process did not do what the test relies on."""


async def wait_for(
    condition: Callable[[], Awaitable[T]],
    *,
    what: str,
    deadline: float = 30,
    process: Process | None = None,
) -> T:
    """Ask until the answer is true, and return it.

    A refused connection is a "not yet". An end of the process is a "never".
    """
    pause = 0.01
    until = time.monotonic() + deadline
    last: object = None
    while time.monotonic() < until:
        try:
            if last := await condition():
                return last
        except (ConnectionError, httpx.TransportError) as error:
            last = error
        if process is not None and process.poll() is not None:
            raise ProcessError(process.describe(f"ended while awaited: {what}"))
        await anyio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    message = f"not within {deadline} s: {what} (last seen: {last!r})"
    raise ProcessError(process.describe(message) if process else message)


class Process:
    """One command, from its start to the end of everything that it started.

    ``async with Process("etcd", ["etcd", …], folder) as process:``
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        grace: float = 10,
    ) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log_path = folder / f"{name}.log"
        self.env = dict(env or {})
        self.cwd = cwd or folder
        self.grace = grace
        self.pid = 0
        self.returncode: int | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._reports = -1
        self._unread = b""

    async def start(self) -> Self:
        self._launch()
        alive.append(self)
        try:
            while not self.pid and self.returncode is None:
                await anyio.wait_readable(self._reports)
                self.poll()
        except BaseException:
            await self.close()
            raise
        return self

    def _launch(self) -> None:
        # The guardian ends when the other end of the lifeline is gone, and ours is
        # closed by the kernel at the latest.
        lifeline, self._lifeline = os.pipe()
        self._reports, reports = os.pipe()
        os.set_blocking(self._reports, False)
        with self.log_path.open("ab") as log:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", GUARDIAN, str(self.grace), *self.argv],
                stdin=lifeline,
                stdout=reports,
                stderr=log,
                cwd=self.cwd,
                env={**os.environ, **self.env},
                start_new_session=True,
            )
        os.close(lifeline)
        os.close(reports)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # What it does

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def describe(self, what: str) -> str:
        tail = "\n".join(self.log.splitlines()[-LOG_LINES_SHOWN:])
        state = "running" if self.poll() is None else f"exit {self.returncode}"
        return f"{self.name} (pid {self.pid}, {state}): {what}\n{tail}"

    async def answers(
        self, url: str, *, deadline: float = 30, verify: bool = True
    ) -> httpx.Response:
        """Wait for a first answer that is not an error."""
        async with httpx.AsyncClient(verify=verify, trust_env=False) as client:

            async def asked() -> httpx.Response | None:
                response = await client.get(url)
                return None if response.is_error else response

            found = await wait_for(
                asked, what=f"an answer from {url}", deadline=deadline, process=self
            )
            assert found is not None
            return found

    async def listens(self, port: int, *, deadline: float = 30) -> None:
        async def connected() -> bool:
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0

        await wait_for(
            connected, what=f"port {port} open", deadline=deadline, process=self
        )

    async def listens_on(self, path: Path, *, deadline: float = 30) -> None:
        async def connected() -> bool:
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(str(path)) == 0

        await wait_for(
            connected, what=f"socket {path} open", deadline=deadline, process=self
        )

    async def says(
        self, pattern: str, *, deadline: float = 30, since: int = 0
    ) -> re.Match[str]:
        """Wait for a line in the log; ``since`` is a length of the log seen before."""

        async def said() -> re.Match[str] | None:
            return re.search(pattern, self.log[since:], re.MULTILINE)

        found = await wait_for(
            said, what=f"log says {pattern!r}", deadline=deadline, process=self
        )
        assert found is not None
        return found

    # How it ends

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        while (status := self.poll()) is None:
            await anyio.wait_readable(self._reports)
        return status

    async def kill(self) -> None:
        """A crash: the command alone ends at once; what it started lives on."""
        self.send_signal(signal.SIGKILL)
        await self.wait()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the command alone to end, and kill it when it does not in time."""
        self.send_signal(number)
        with anyio.move_on_after(self.grace):
            return await self.wait()
        await self.kill()
        return await self.wait()

    async def close(self) -> None:
        """End the command in order, and then whatever it left behind."""
        if self._guardian is None:
            return
        guardian, self._guardian = self._guardian, None
        os.close(self._lifeline)
        with anyio.CancelScope(shield=True):
            while not self._read_reports():
                await anyio.wait_readable(self._reports)
        os.close(self._reports)
        guardian.wait()
        alive.remove(self)

    def poll(self) -> int | None:
        """The exit status, if the command has ended."""
        if self.returncode is None:
            self._read_reports()
        return self.returncode

    def _read_reports(self) -> bool:
        """Heed all that the guardian has said by now; whether it has ended."""
        try:
            while said := os.read(self._reports, 4096):
                *lines, self._unread = (self._unread + said).split(b"\n")
                for line in lines:
                    self._heed(line.decode())
        except BlockingIOError:
            return False
        if self.returncode is None:
            self.returncode = -signal.SIGKILL
        return True

    def _heed(self, line: str) -> None:
        word, _, value = line.partition(" ")
        if word == "pid":
            self.pid = int(value)
        elif word == "exit":
            self.returncode = int(value)
        else:
            self.returncode = 127
            raise ProcessError(f"{self.name} did not start: {value}")
