"""Redis, with replicas that follow it, and sentinels that watch over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need
from tests.harness.processes import wait_for


class Redis(Daemon):
    name = "redis"

    def __init__(
        self,
        folder: Path,
        *,
        password: str = "",
        replica_of: Redis | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.password = password
        self.replica_of = replica_of
        self.options = options
        self.name = f"redis-{self.port}"

    @property
    def url(self) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"redis://{login}127.0.0.1:{self.port}/0"

    def argv(self) -> Sequence[str | Path]:
        return [need("redis"), self.folder / f"{self.name}.conf"]

    async def prepare(self) -> None:
        # In a file, as passwords in arguments are everybody's to read.
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            f"dbfilename {self.name}.rdb",
            'save ""',
            "notify-keyspace-events KEA",
            *self.options,
        ]
        if self.password:
            lines += [f"requirepass {self.password}", f"masterauth {self.password}"]
        if self.replica_of:
            lines += [
                f"replicaof 127.0.0.1 {self.replica_of.port}",
                "repl-diskless-sync-delay 0",
            ]
        self.folder.joinpath(f"{self.name}.conf").write_text("\n".join(lines) + "\n")

    async def ready(self) -> None:
        async def ponged() -> bool:
            return (await self.command("PING")) == "+PONG"

        await self.process.listens(self.port)
        await wait_for(ponged, what="PONG of Redis", process=self.process)

    async def command(self, *words: str) -> str:
        """The first line of the answer: enough to see how it is, and to break it."""
        async with await anyio.connect_tcp("127.0.0.1", self.port) as stream:
            for said in ([("AUTH", self.password)] if self.password else []) + [words]:
                await stream.send(encoded(said))
                answer = await stream.receive()
        return answer.partition(b"\r\n")[0].decode()


def encoded(words: Sequence[str]) -> bytes:
    bulk = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    return f"*{len(words)}\r\n{bulk}".encode()


class Sentinel(Redis):
    """Watches `master`, and names a replica in its place when it is gone."""

    def __init__(self, folder: Path, master: Redis, *, quorum: int = 1) -> None:
        super().__init__(folder)
        self.name = f"sentinel-{self.port}"
        self.master, self.quorum = master, quorum

    def argv(self) -> Sequence[str | Path]:
        return [*super().argv(), "--sentinel"]

    async def prepare(self) -> None:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            f"sentinel monitor master 127.0.0.1 {self.master.port} {self.quorum}",
            "sentinel down-after-milliseconds master 500",
            "sentinel failover-timeout master 3000",
        ]
        if self.master.password:
            lines.append(f"sentinel auth-pass master {self.master.password}")
        self.folder.joinpath(f"{self.name}.conf").write_text("\n".join(lines) + "\n")
