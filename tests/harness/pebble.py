"""Pebble: a small ACME server, as Let's Encrypt tests its clients with.

Every name has the address 127.0.0.1 for it, and whoever wants a certificate has to
answer there, on `tls_port`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import trustme

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need


class Names(Daemon):
    """A DNS server that sends everybody to this machine."""

    name = "pebble-dns"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self.management = free_port(), free_port()

    def argv(self) -> Sequence[str | Path]:
        nothing = [f"-{kind}=" for kind in ("http01", "https01", "tlsalpn01")]
        return [
            need("pebble-dns"),
            f"-dns01=127.0.0.1:{self.port}",
            f"-management=127.0.0.1:{self.management}",
            "-defaultIPv6=",
            *nothing,
        ]

    async def ready(self) -> None:
        await self.process.listens(self.management)


class Pebble(Daemon):
    name = "pebble"

    def __init__(self, folder: Path, tls_port: int) -> None:
        super().__init__(folder)
        self.tls_port = tls_port
        self.port, self.management = free_port(), free_port()
        self.names = Names(folder)
        self.directory = f"https://127.0.0.1:{self.port}/dir"
        self.ca = folder / "ca.pem"
        """Whom to trust as this ACME server; its certificates are another matter."""

    @property
    def env(self) -> Mapping[str, str]:
        return {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}

    async def prepare(self) -> None:
        await self.names.__aenter__()
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        own = authority.issue_cert("127.0.0.1")
        own.cert_chain_pems[0].write_to_path(self.folder / "pebble.pem")
        own.private_key_pem.write_to_path(self.folder / "pebble.key")
        settings = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.folder / "pebble.pem"),
            "privateKey": str(self.folder / "pebble.key"),
            "httpPort": free_port(),
            "tlsPort": self.tls_port,
        }
        text = json.dumps({"pebble": settings})
        self.folder.joinpath("pebble.json").write_text(text)

    def argv(self) -> Sequence[str | Path]:
        return [
            need("pebble"),
            f"-config={self.folder}/pebble.json",
            f"-dnsserver=127.0.0.1:{self.names.port}",
        ]

    async def ready(self) -> None:
        await self.process.listens(self.port)

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        await self.names.__aexit__()
