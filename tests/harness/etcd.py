"""etcd: one member, or three that make a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need

if TYPE_CHECKING:
    from typing_extensions import Self


class EtcdMember(Daemon):
    def __init__(
        self, folder: Path, number: int, peers: list[str], options: Sequence[str]
    ) -> None:
        super().__init__(folder)
        self.name = f"etcd-{number}"
        self.number, self.peers, self.options = number, peers, options
        self.port = free_port()
        scheme = (
            "https" if any("--cert-file" in option for option in options) else "http"
        )
        self.endpoint = f"{scheme}://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str | Path]:
        peer = self.peers[self.number]
        cluster = ",".join(f"etcd-{n}={url}" for n, url in enumerate(self.peers))
        return [
            need("etcd"),
            f"--name={self.name}",
            f"--data-dir={self.folder}/{self.name}.data",
            f"--listen-client-urls={self.endpoint}",
            f"--advertise-client-urls={self.endpoint}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={cluster}",
            # Metrics say whether there is a leader, also where clients need a
            # certificate.
            f"--listen-metrics-urls={self.metrics_url}",
            "--heartbeat-interval=50",
            "--election-timeout=500",
            "--logger=zap",
            "--log-level=warn",
            *self.options,
        ]

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"

    async def prepare(self) -> None:
        self.metrics_port = free_port()

    async def ready(self) -> None:
        await self.process.answers(f"{self.metrics_url}/health")


class Etcd:
    """``async with Etcd(folder, members=3) as etcd: await etcd.members[0].kill()``"""

    def __init__(
        self, folder: Path, members: int = 1, options: Sequence[str] = ()
    ) -> None:
        peers = [f"http://127.0.0.1:{free_port()}" for _ in range(members)]
        self.members = [
            EtcdMember(folder, number, peers, options) for number in range(members)
        ]

    @property
    def endpoints(self) -> list[str]:
        return [member.endpoint for member in self.members]

    async def __aenter__(self) -> Self:
        # A skip from within the group would be one of several exceptions, and no
        # longer be a skip.
        need("etcd")
        # Together: the first is up only once most of them are.
        async with AsyncExitStack() as starting:
            async with anyio.create_task_group() as together:
                for member in self.members:
                    starting.push_async_exit(member)
                    together.start_soon(member.__aenter__)
            self._members = starting.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._members.aclose()
