"""A Traefik with the static configuration that a test gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need


class Traefik(Daemon):
    """Entry point `web` and the API have ports of their own: `url` and `api_url`."""

    name = "traefik"

    def __init__(
        self,
        folder: Path,
        static: Mapping[str, Any],
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.web_port, self.api_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.api_url = f"http://127.0.0.1:{self.api_port}/api"
        self.name = f"traefik-{self.web_port}"
        self.static = {**static}
        self._env = dict(env or {})

    @property
    def env(self) -> Mapping[str, str]:
        return self._env

    def argv(self) -> Sequence[str | Path]:
        return [need("traefik"), f"--configfile={self.folder}/{self.name}.yml"]

    async def prepare(self) -> None:
        listening = {
            "web": {"address": f"127.0.0.1:{self.web_port}"},
            "traefik": {"address": f"127.0.0.1:{self.api_port}"},
        }
        static = {
            "api": {"insecure": True},
            "log": {"level": "INFO"},
            **self.static,
            "entryPoints": {**listening, **self.static.get("entryPoints", {})},
        }
        text = yaml.safe_dump(static)
        self.folder.joinpath(f"{self.name}.yml").write_text(text)

    async def ready(self) -> None:
        await self.process.answers(f"{self.api_url}/version")
