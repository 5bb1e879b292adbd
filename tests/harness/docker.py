"""A Docker engine of the tests' own: its data, its socket, its containers.

No registry is asked for anything: `base_image` makes Debian from Debian's packages.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

from tests.harness.daemon import Daemon
from tests.harness.parts import lack, need
from tests.harness.processes import ProcessError

SUITE = "bookworm"
BASE_IMAGE = f"debian:{SUITE}-slim"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


class Docker(Daemon):
    name = "dockerd"

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(folder)
        self.cache = cache
        # A socket's path has some 100 bytes, and pytest's folders are deep.
        self.sockets = Path(tempfile.mkdtemp(prefix="docker-"))
        self.socket = self.sockets / "engine"
        self.host = f"unix://{self.socket}"

    @property
    def client_env(self) -> Mapping[str, str]:
        """What a Docker client needs in its environment to speak to this engine."""
        return {"DOCKER_HOST": self.host}

    def argv(self) -> Sequence[str | Path]:
        return [
            need("dockerd"),
            f"--host={self.host}",
            f"--data-root={self.folder}/data",
            f"--exec-root={self.sockets}/exec",
            f"--pidfile={self.sockets}/pid",
            "--log-level=warn",
        ]

    async def prepare(self) -> None:
        need("docker")
        if os.getuid() != 0:
            lack("a Docker engine of the tests' own needs root")

    async def ready(self) -> None:
        await self.process.listens_on(self.socket, deadline=60)
        await self.run("version")

    async def run(self, *words: str, text: str | None = None) -> str:
        """``docker WORDS``: what it prints; an error when it fails."""
        answer = await anyio.run_process(
            [str(need("docker")), *words],
            input=None if text is None else text.encode(),
            check=False,
            env={**os.environ, **self.client_env},
        )
        if answer.returncode:
            what = f"docker {' '.join(words)}: {answer.stderr.decode()}"
            raise ProcessError(self.process.describe(what))
        return answer.stdout.decode()

    async def base_image(self) -> str:
        """Debian with Python, under the name that Dockerfiles ask for."""
        if not await self.run("images", "-q", BASE_IMAGE):
            await self.run("import", str(await self._debian()), BASE_IMAGE)
        return BASE_IMAGE

    async def _debian(self) -> Path:
        """Made once a machine: it takes a minute."""
        archive = self.cache / f"{SUITE}.tar"
        if archive.exists():
            return archive
        root = self.folder / SUITE
        try:
            await self._must(
                need("debootstrap"),
                "--variant=minbase",
                "--include=ca-certificates,python3,python3-venv",
                *(SUITE, root),
            )
            trust_as_this_machine(root)
            unfinished = archive.with_suffix(f".{os.getpid()}")
            await self._must("tar", "-C", root, "-cf", unfinished, ".")
            unfinished.rename(archive)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        return archive

    async def _must(self, *argv: str | Path) -> None:
        answer = await anyio.run_process([str(word) for word in argv], check=False)
        if answer.returncode:
            said = (answer.stdout + answer.stderr).decode()[-2000:]
            raise ProcessError(f"{argv[0]}: exit {answer.returncode}\n{said}")

    async def __aexit__(self, *_: object) -> None:
        try:
            if hasattr(self, "process") and self.process.poll() is None:
                await self.remove_containers()
                await self.remove_networks()
        finally:
            await super().__aexit__()
            await self._unmount()
            shutil.rmtree(self.sockets, ignore_errors=True)
            shutil.rmtree(self.folder / "data", ignore_errors=True)

    async def remove_containers(self) -> None:
        if ids := (await self.run("ps", "-aq")).split():
            await self.run("rm", "-f", *ids)

    async def remove_networks(self) -> None:
        """Their bridges would stay on this machine, of whose addresses each takes some."""
        made = ("network", "ls", "-q", "--filter", "type=custom")
        if ids := (await self.run(*made)).split():
            await self.run("network", "rm", *ids)

    async def _unmount(self) -> None:
        """What an engine that was killed leaves mounted."""
        for mount in mounts_below(self.folder, self.sockets):
            await anyio.run_process(["umount", "-l", mount], check=False)


def trust_as_this_machine(root: Path) -> None:
    """Builds fetch packages over the same network, so the same CAs vouch for it."""
    if CA_BUNDLE.exists():
        shutil.copy(CA_BUNDLE, root / str(CA_BUNDLE).lstrip("/"))


def mounts_below(*folders: Path) -> list[str]:
    lines = Path("/proc/mounts").read_text().splitlines()
    mounts = sorted((line.split()[1] for line in lines), reverse=True)
    return [mount for mount in mounts if mount.startswith(tuple(map(str, folders)))]
