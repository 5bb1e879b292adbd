"""Start a Traefik, keep it running, and stop it.

Its output goes to the Hub's log, line by line and level by level. If it ends by itself
it is started again, after a pause that doubles while it keeps ending. It ends with the
Hub, also when the Hub is killed: the kernel is asked to see to that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import shutil
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from .errors import BadSetting, TraefikDied, TraefikMissing

LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
    "panic": logging.CRITICAL,
}
PR_SET_PDEATHSIG = 1
STEADY = 30.0
"""Whoever has run for so many seconds was well, and may be restarted at once."""


def find_traefik(command: str = "traefik") -> str:
    """The path of the program: beside this Python, or on the PATH."""
    beside = os.path.dirname(sys.executable)
    found = shutil.which(command, path=os.pathsep.join((beside, os.environ["PATH"])))
    if found is None:
        raise TraefikMissing(
            f"There is no program {command!r} to start. To get it: "
            "pip install 'jupyterhub-suite[traefik]'. If Traefik runs elsewhere, set "
            "c.TraefikProxy.should_start = False"
        )
    return found


async def version_of(program: str) -> str:
    """What ``traefik version`` prints."""
    process = await asyncio.create_subprocess_exec(
        program,
        "version",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    for line in output.decode(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "Version":
            return value.strip()
    raise BadSetting(f"{program} does not say what version of Traefik it is")


class Supervisor:
    """One Traefik, kept running."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: logging.Logger,
        restarted: Callable[[], Awaitable[None]],
        outlive: bool = False,
        pauses: tuple[float, float] = (0.2, 30),
    ) -> None:
        self.command = command
        self.env = env
        self.log = log
        self.restarted = restarted
        self.outlive = outlive
        self.pauses = pauses
        self.process: asyncio.subprocess.Process | None = None
        self.last_words: deque[str] = deque(maxlen=5)
        self._reader: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch())

    async def started(self, ready: Awaitable[None]) -> None:
        """Wait until Traefik is ready, or until it has ended instead."""
        assert self.process is not None
        waiting = asyncio.ensure_future(ready)
        ending = asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await self._drain()
                raise self._died()
            await waiting
        finally:
            waiting.cancel()
            ending.cancel()

    async def stop(self, patience: float = 10) -> None:
        """Ask it to end, and insist if it does not."""
        if self._watcher:
            self._watcher.cancel()
        if self.process and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), patience)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()
        await self._drain()

    async def _spawn(self) -> None:
        output = None if self.outlive else asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            env=self.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=None if self.outlive else asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=None if self.outlive else die_with_parent(),
        )
        if self.process.stdout:
            self._reader = asyncio.create_task(self._read(self.process.stdout))

    async def _watch(self) -> None:
        shortest, longest = self.pauses
        pause = shortest
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            assert self.process is not None
            await self.process.wait()
            await self._drain()
            if loop.time() - begin > STEADY:
                pause = shortest
            self.log.error("%s; starting it again in %g s", self._died(), pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
            await self._spawn()
            await self.restarted()

    async def _drain(self) -> None:
        if self._reader:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._reader, 5)

    async def _read(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:  # longer than the buffer; the rest follows
                continue
            if not line:
                return
            self._relay(line.decode(errors="replace").rstrip())

    def _relay(self, line: str) -> None:
        level, message = parse_log_line(line)
        if level >= logging.ERROR:
            self.last_words.append(message)
        self.log.log(level, "Traefik: %s", message)

    def _died(self) -> TraefikDied:
        assert self.process is not None
        words = "; ".join(self.last_words) or "it said nothing"
        return TraefikDied(
            f"Traefik ended with code {self.process.returncode}: {words}"
        )


def parse_log_line(line: str) -> tuple[int, str]:
    """Level and message of a line of Traefik's log."""
    try:
        fields = json.loads(line)
        level = LEVELS.get(fields.pop("level", ""), logging.INFO)
        message = str(fields.pop("message"))
    except (ValueError, KeyError, AttributeError):
        return logging.INFO, line
    fields.pop("time", None)
    details = " ".join(f"{name}={value}" for name, value in fields.items())
    return level, f"{message} ({details})" if details else message


def die_with_parent() -> Callable[[], None] | None:
    """What a child runs before it becomes Traefik; Linux alone knows how."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
