"""An nginx with the server block that a test gives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need

CONFIGURATION = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


class Nginx(Daemon):
    name = "nginx"

    def __init__(self, folder: Path, server: str) -> None:
        super().__init__(folder)
        self.server = server
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str | Path]:
        return [need("nginx"), "-e", "stderr", "-c", self.folder / "nginx.conf"]

    async def prepare(self) -> None:
        self.folder.joinpath("nginx.conf").write_text(
            CONFIGURATION.format(folder=self.folder, port=self.port, server=self.server)
        )

    async def ready(self) -> None:
        await self.process.listens(self.port)
