"""The site that is broken: `make demo-ha` on this machine, or Compose's containers."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from places import Places

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / ".demo-ha"


class Site(Protocol):
    def address(self, place: str) -> str:
        """Where this place, as Compose names it, is reached from here."""

    def password(self) -> str:
        """That of every user."""

    def kill(self, part: str) -> None:
        """With signal 9; somebody else starts it again."""


class Local:
    def __init__(self, port: int) -> None:
        self._places = Places(port)
        self._folder = FOLDER / str(port)
        if not self._folder.joinpath("balancer.pid").exists():
            raise ValueError(
                f"nothing runs in {self._folder}: PORT={port} make demo-ha starts it"
            )

    def address(self, place: str) -> str:
        return self._places[place]

    def password(self) -> str:
        return (self._folder / "secrets" / "user-password").read_text()

    def kill(self, part: str) -> None:
        file = self._folder / f"{part}.pid"
        os.kill(int(file.read_text()), signal.SIGKILL)


class Compose:
    """Docker starts no container again that was killed by hand, so we do that."""

    def __init__(self) -> None:
        self._command = shlex.split(os.environ.get("COMPOSE", "docker compose"))

    def address(self, place: str) -> str:
        part, _, port = place.partition(":")
        return self._run("port", part, port).strip()

    def password(self) -> str:
        return self._run("exec", "-T", "hub", "cat", "/secrets/user-password")

    def kill(self, part: str) -> None:
        self._run("kill", part)
        # The balancer is to see that the part is away.
        time.sleep(1)
        self._run("start", part)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._command, *words],
            cwd=HERE,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            what = shlex.join([*self._command, *words])
            raise ValueError(f"{what}: {done.stderr.strip()}")
        return done.stdout
