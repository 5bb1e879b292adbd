"""What all real parts share: start, kill, stop, restart, and an end in any case.

A part names its command (`argv`), how one sees that it is up (`ready`), and, where
need be, what goes before (`prepare`) and how it is asked to end (`stop_signal`).
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tests.harness.processes import Process

if TYPE_CHECKING:
    from typing_extensions import Self


class Daemon:
    name: str
    stop_signal: ClassVar[int] = signal.SIGTERM

    process: Process

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def argv(self) -> Sequence[str | Path]:
        raise NotImplementedError

    async def ready(self) -> None:
        raise NotImplementedError

    async def prepare(self) -> None:
        """Make what the first start needs."""

    @property
    def env(self) -> Mapping[str, str]:
        return {}

    async def start(self) -> None:
        """Start, or start again on the same data and ports, and wait until up."""
        self.process = Process(self.name, self.argv(), self.folder, env=self.env)
        await self.process.start()
        await self.ready()

    async def stop(self) -> None:
        """An orderly end."""
        await self.process.stop(self.stop_signal)
        await self.process.close()

    async def kill(self) -> None:
        """A crash."""
        await self.process.kill()
        await self.process.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def freeze(self) -> None:
        """It holds its connections, and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            await self.prepare()
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if hasattr(self, "process"):
            self.process.send_signal(signal.SIGCONT)
            await self.process.close()
