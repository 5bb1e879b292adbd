"""A spawner whose servers are there at once: all are one echo, outside of the Hub."""

from __future__ import annotations

from typing import Any

from jupyterhub.spawner import Spawner
from traitlets import Unicode


class EchoSpawner(Spawner):
    echo_url = Unicode(config=True, help="Where the echo listens.")
    running = False

    async def start(self) -> str:
        self.running = True
        return self.echo_url

    async def stop(self, now: bool = False) -> None:
        self.running = False

    async def poll(self) -> int | None:
        return None if self.running else 0

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "running": self.running}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.running = state.get("running", False)
