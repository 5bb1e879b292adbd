"""A program of the operator's own."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from .base import PATIENCE, Channel, DeliveryFailed


class Command(Channel):
    """Reads the message as JSON from its input."""

    kind = "command"
    options = {
        "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    }
    required = ("command",)

    async def deliver(self, message: dict[str, Any]) -> None:
        process = await self._start()
        try:
            given = json.dumps(message).encode()
            await asyncio.wait_for(process.communicate(given), PATIENCE)
        except asyncio.TimeoutError:
            raise DeliveryFailed(f"the command took over {PATIENCE:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise DeliveryFailed(f"the command ended with {process.returncode}")

    async def _start(self) -> asyncio.subprocess.Process:
        # No shell, and nothing of the message on the command line. Our token is
        # none of its business.
        env = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
        try:
            return await asyncio.create_subprocess_exec(
                *self["command"], stdin=asyncio.subprocess.PIPE, env=env
            )
        except OSError as error:
            raise DeliveryFailed(f"the command cannot run: {error.strerror}") from None
