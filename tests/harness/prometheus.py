"""A Prometheus that scrapes what a test tells it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need


class Prometheus(Daemon):
    name = "prometheus"

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        super().__init__(folder)
        self.configuration = dict(configuration)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str | Path]:
        return [
            need("prometheus"),
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    async def prepare(self) -> None:
        text = yaml.safe_dump(self.configuration)
        self.folder.joinpath("prometheus.yml").write_text(text)

    async def ready(self) -> None:
        await self.process.answers(f"{self.url}/-/ready")

    async def query(self, expression: str) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"{self.url}/api/v1/query", params={"query": expression}
            )
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result
