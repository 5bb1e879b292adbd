"""HTTPS: given certificates and fetched ones, HTTP/2 and HTTP/3."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent
from cryptography import x509

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.certificate import placeholder
from tests.harness.pebble import Pebble
from tests.harness.processes import wait_for
from tests.proxy.conftest import StartProxy, in_a_file


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    return write_certificate(tmp_path)


def write_certificate(folder: Path) -> dict[str, str]:
    certificate, key = placeholder()
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)
    return {
        "ssl_cert": str(folder / "cert.pem"),
        "ssl_key": str(folder / "key.pem"),
    }


async def served_certificate(port: int, name: str | None = None) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name
    )
    served: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.close()
    return served


@in_a_file
async def test_https_is_spoken_with_the_certificate_given_and_with_its_successor(
    start_proxy: StartProxy,
    backend: Callable[[str], str],
    certificate: dict[str, str],
    tmp_path: Path,
) -> None:
    port, plain = free_port(), free_port()
    proxy = await start_proxy(
        public_url=f"https://127.0.0.1:{port}",
        redirect_http_port=plain,
        patrol_interval=0.1,
        **certificate,
    )
    await proxy.add_route("/user/a/", backend("a"), {})
    async with httpx.AsyncClient(verify=False, trust_env=False, http2=True) as client:
        answer = await client.get(f"https://127.0.0.1:{port}/user/a/")
        assert answer.text == "a /user/a/"
        assert answer.http_version == "HTTP/2"
        sent_on = await client.get(f"http://127.0.0.1:{plain}/user/a/")
        assert sent_on.status_code in (301, 302, 307, 308)
        assert sent_on.headers["Location"] == f"https://127.0.0.1:{port}/user/a/"
    first = await served_certificate(port)
    write_certificate(tmp_path)

    async def renewed() -> bool:
        return await served_certificate(port) != first

    await wait_for(renewed, what="the new certificate")


@in_a_file
async def test_http3_is_spoken_when_asked_for(
    start_proxy: StartProxy,
    backend: Callable[[str], str],
    certificate: dict[str, str],
) -> None:
    port = free_port()
    proxy = await start_proxy(
        public_url=f"https://127.0.0.1:{port}", http3=True, **certificate
    )
    await proxy.add_route("/user/a/", backend("a"), {})
    settings = QuicConfiguration(
        is_client=True, alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE
    )
    async with connect(
        "127.0.0.1", port, configuration=settings, create_protocol=Http3
    ) as client:
        assert isinstance(client, Http3)
        assert await asyncio.wait_for(client.get("/user/a/"), 20) == b"a /user/a/"


class Http3(QuicConnectionProtocol):
    """A browser that speaks nothing else, and asks once."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._http = H3Connection(self._quic)
        self._body = b""
        self._ended = asyncio.Event()

    async def get(self, path: str) -> bytes:
        stream = self._quic.get_next_available_stream_id()
        headers = {
            ":method": "GET",
            ":scheme": "https",
            ":authority": "127.0.0.1",
            ":path": path,
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._http.send_headers(stream, pairs, end_stream=True)
        self.transmit()
        await self._ended.wait()
        return self._body

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self._http.handle_event(event):
            if isinstance(each, DataReceived):
                self._body += each.data
                if each.stream_ended:
                    self._ended.set()


@in_a_file
async def test_a_certificate_is_fetched_from_an_acme_server(
    start_proxy: StartProxy,
    start_pebble: Callable[..., Awaitable[Pebble]],
    tmp_path: Path,
) -> None:
    port = free_port()
    authority = await start_pebble(tls_port=port)
    proxy = await start_proxy(
        public_url=f"https://127.0.0.1:{port}",
        public_hosts=["hub.example.org"],
        acme={
            "email": "me@example.org",
            "storage": str(tmp_path / "acme.json"),
            "caServer": authority.directory,
            "caCertificates": [str(authority.ca)],
            "tlsChallenge": {},
        },
    )
    await proxy.add_route("/", "http://127.0.0.1:9", {})

    async def fetched() -> bool:
        served = await served_certificate(port, "hub.example.org")
        return (
            "Pebble" in x509.load_der_x509_certificate(served).issuer.rfc4514_string()
        )

    await wait_for(fetched, what="the certificate", deadline=40)
