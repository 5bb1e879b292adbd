"""Starts parts, and starts them anew when they end, until it is told to stop."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from children import end_with_parent, last_lines, say
from parts import Part

PAUSE = 0.1
# The balancer is to see that a part is away, before another of that name is there.
WAIT = 1.0
# One that ends sooner than this may not do so for ever.
TOO_SOON = 5.0
PATIENCE = 15


@dataclass
class Life:
    """Of one part: since when, and how often it has ended too soon."""

    part: Part
    started: float = 0.0
    failures: int = 0


class Supervisor:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[int, Life] = {}
        self._due: list[tuple[float, Life]] = []

    def start(self, part: Part) -> None:
        self._launch(Life(part))

    def tend(self, until: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Look after all parts until something is true; False if it took too long."""
        deadline = time.monotonic() + seconds
        while not until():
            self._bury()
            self._start_again()
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _launch(self, life: Life) -> None:
        part = life.part
        with self.log(part.name).open("ab") as log:
            process = subprocess.Popen(
                part.command,
                cwd=self.folder,
                env={**os.environ, **part.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches us alone, and parts end in our order.
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - there are no threads
            )
        life.started = time.monotonic()
        self._running[process.pid] = life
        # We reap all children alike, those that we have adopted among them.
        process.returncode = 0
        self.folder.joinpath(f"{part.name}.pid").write_text(str(process.pid))

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if life := self._running.pop(ended[0], None):
                    self._ended(life, os.waitstatus_to_exitcode(ended[1]))

    def _ended(self, life: Life, code: int) -> None:
        name, now = life.part.name, time.monotonic()
        self.folder.joinpath(f"{name}.pid").unlink()
        soon = now - life.started < TOO_SOON
        life.failures = life.failures + 1 if soon else 0
        if life.failures > PATIENCE:
            log = self.log(name)
            raise ValueError(f"{name} does not start; {log}:\n{last_lines(log)}")
        if not soon:
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            say(f"{time.strftime('%H:%M:%S')}  {name} ended {how}: started again")
        self._due.append((now + WAIT, life))

    def _start_again(self) -> None:
        now = time.monotonic()
        due = [life for when, life in self._due if when <= now]
        self._due = [(when, life) for when, life in self._due if when > now]
        for life in due:
            self._launch(life)
