"""The processes that a measurement needs; each ends with it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jupyterhub_suite.ports import free_port

if TYPE_CHECKING:
    from contestants import Contestant

HERE = Path(__file__).resolve().parent
TEN_MEBIBYTES = 10 * 1024**2

# A target for requests that costs next to nothing: what is measured is the proxy.
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{target}; default_type text/plain;
    location / {{ return 200 "hello"; }}
    location ~ /big$ {{ root {folder}; try_files /big =404; }} }}
  server {{ listen 127.0.0.1:{hub}; default_type text/plain;
    location / {{ return 204; }} }}
}}
"""


class Parts:
    """Starts a store when a contestant asks for one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def etcd(self) -> str:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in "cp")
        self._run(
            "etcd",
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )
        wait_until_listening(client)
        return client

    def redis(self) -> str:
        url = f"redis://127.0.0.1:{free_port()}"
        port = url.rpartition(":")[2]
        self._run("redis-server", "--port", port, "--save", "", "--bind", "127.0.0.1")
        wait_until_listening(url)
        return url

    def web(self) -> tuple[str, str]:
        """Where users' servers answer, and where the Hub does."""
        target, hub = free_port(), free_port()
        with (self.folder / "big").open("wb") as big:
            big.write(os.urandom(1024) * (TEN_MEBIBYTES // 1024))
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, target=target, hub=hub))
        # nginx's workers are not root, and its folder has to be theirs to read.
        self.folder.chmod(0o755)
        self._run("nginx", "-c", str(config), "-e", "stderr")
        urls = f"http://127.0.0.1:{target}", f"http://127.0.0.1:{hub}"
        for url in urls:
            wait_until_listening(url)
        return urls

    def _run(self, *command: str) -> None:
        self._stack.enter_context(process(self.folder, *command))


@contextmanager
def all_parts() -> Iterator[Parts]:
    with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as stack:
        yield Parts(Path(folder), stack)


@contextmanager
def process(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which(command[0], path=search_path())
    if program is None:
        sys.exit(
            f"{command[0]} is not installed; docs/performance.md says what is used"
        )
    with (folder / f"{Path(command[0]).name}.log").open("ab") as log:
        running = subprocess.Popen(
            [program, *command[1:]], cwd=folder, stdout=log, stderr=log
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


class Hub:
    """The other end of hub_process.py."""

    def __init__(self, process: asyncio.subprocess.Process, public_url: str) -> None:
        self._process = process
        self.public_url = public_url

    async def ask(self, what: str, *arguments: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([what, *arguments]).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Hub's process ended when asked to {what}")
        return json.loads(line)


@asynccontextmanager
async def running_hub(
    contestant: Contestant, given: Parts, target: str, hub_url: str
) -> AsyncIterator[Hub]:
    public_url = f"http://127.0.0.1:{free_port()}"
    hub_settings = {
        "proxy_class": contestant.proxy_class,
        "bind_url": public_url,
        "hub_bind_url": hub_url,
        "db_url": "sqlite:///:memory:",
        "cookie_secret": os.urandom(32).hex(),
        "authenticator_class": "null",
        "log_level": "INFO",
    }
    settings = {"JupyterHub": hub_settings, **contestant.settings(given)}
    with (given.folder / "hub.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            contestant.python,
            HERE / "hub_process.py",
            cwd=given.folder,
            env={**os.environ, "PATH": search_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdin
    order = {"settings": settings, "target": target}
    process.stdin.write(json.dumps(order).encode() + b"\n")
    hub = Hub(process, public_url)
    try:
        yield hub
        await hub.ask("stop")
    except RuntimeError as died:
        sys.exit(f"{died}\n{(given.folder / 'hub.log').read_text()[-4000:]}")
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()


def search_path() -> str:
    """Traefik is found where `pip install jupyterhub-suite[traefik]` puts it."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"


def wait_until_listening(url: str, seconds: float = 20) -> None:
    host, _, port = url.partition("//")[2].partition(":")
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                sys.exit(f"nothing listens at {url} after {seconds} s")
            time.sleep(0.05)
