"""What answers at an address: certificates of all kinds, and a BinderHub's health."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.listener import Certificates
from jupyterhub_suite.services.status.access import Access
from jupyterhub_suite.services.status.checks.base import PassingMemo, Site
from jupyterhub_suite.services.status.model import Code

from .sites import TOKEN, run

CA, OTHER_CA = trustme.CA(), trustme.CA()
LOGIN_PAGE = (
    b"HTTP/1.1 200 OK\r\nX-JupyterHub-Version: 6\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


@asynccontextmanager
async def answering(
    answer: bytes | None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that says this to everything, or nothing at all; its address."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # who only looked at the certificate
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    finally:
        server.close()


@asynccontextmanager
async def seeing(public_url: str, ca_file: str = "") -> AsyncIterator[Site]:
    """What the service itself would check with."""
    hub = f"http://127.0.0.1:{free_port()}/hub/api"
    access = Access(hub, TOKEN, public_url, Certificates(), ca_file)
    try:
        yield access.site(PassingMemo())
    finally:
        await access.close()


# Certificates


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


def certificate(
    days: float = 90, host: str = "127.0.0.1", ca: trustme.CA = CA
) -> ssl.SSLContext:
    now = datetime.now(timezone.utc)
    issued = ca.issue_cert(
        host, not_before=now - timedelta(days=400), not_after=now + timedelta(days=days)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("days", "code"),
    [(60, Code.OK), (13.9, Code.WARNING), (2.9, Code.CRITICAL)],
)
async def test_a_certificate_that_ends_soon_is_told_in_time(
    ca_file: str, days: float, code: Code
) -> None:
    async with (
        answering(LOGIN_PAGE, certificate(days)) as url,
        seeing(url, ca_file) as site,
    ):
        found = await run(site, kind="proxy", routes=False)
    assert found.code is code, found
    assert f"its certificate ends in {days:.0f} days" in found.msg
    assert found.numbers["certificate_days"] == pytest.approx(days, abs=0.02)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (certificate(days=-1), "certificate has expired"),
        (certificate(host="hub.example.org"), "not valid for '127.0.0.1'"),
        (certificate(ca=OTHER_CA), "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_no_browser_takes_is_critical(
    ca_file: str, context: ssl.SSLContext, said: str
) -> None:
    async with answering(LOGIN_PAGE, context) as url, seeing(url, ca_file) as site:
        found = await run(site, kind="proxy", routes=False)
        web = await run(site, kind="http", url=url)
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "certificate")
    assert found.msg.startswith(
        "certificate: The certificate of 127.0.0.1 is no good: "
    )
    assert said in found.msg
    assert web.code is Code.CRITICAL
    assert said in web.msg


async def test_a_self_signed_certificate_is_critical_until_it_is_trusted(
    tmp_path: Path,
) -> None:
    key, own = tmp_path / "key.pem", tmp_path / "own.pem"
    await self_sign(key, own)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own, key)
    async with answering(LOGIN_PAGE, context) as url:
        async with seeing(url) as site:
            found = await run(site, kind="proxy", routes=False)
        async with seeing(url, str(own)) as site:
            trusted = await run(site, kind="proxy", routes=False)
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "certificate")
    assert "self-signed certificate" in found.msg
    assert trusted.code is Code.OK


async def self_sign(key: Path, certificate: Path) -> None:
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
    openssl = await asyncio.create_subprocess_exec(
        "openssl",
        *words.split(),
        *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", key, "-out", certificate),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await openssl.wait() == 0


async def test_an_address_where_nobody_is_is_critical() -> None:
    async with seeing(f"https://127.0.0.1:{free_port()}/") as site:
        found = await run(site, kind="proxy", routes=False)
    assert (found.code, found.failed_stage) == (Code.CRITICAL, "certificate")
    assert found.msg.startswith("certificate: No TLS with 127.0.0.1:")
    assert "refused" in found.msg


# BinderHub


def health(status: str, body: Any) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
    end = f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return (head + end).encode() + content


# As BinderHub says it.
WELL = [
    {"service": "JupyterHub API", "ok": True},
    {"service": "Pod quota", "ok": True, "total_pods": 3, "quota": 9},
]
CROWDED = [WELL[0], {**WELL[1], "ok": False, "total_pods": 10}]
UNWELL = [{"service": "Docker registry", "ok": False}, *CROWDED]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (health("200 OK", {"ok": True, "checks": WELL}), Code.OK, "well: 2 parts"),
        (
            health("503 Service Unavailable", {"ok": False, "checks": UNWELL}),
            Code.CRITICAL,
            "BinderHub is not well: Docker registry, Pod quota",
        ),
        (
            health("200 OK", {"ok": True, "checks": CROWDED}),
            Code.WARNING,
            "BinderHub is well, but not all of it: Pod quota",
        ),
        (
            health("503 Service Unavailable", b"<html>no upstream</html>"),
            Code.CRITICAL,
            "answered 503, but not with BinderHub's health",
        ),
        (
            health("200 OK", b"\xff\x00 garbage"),
            Code.CRITICAL,
            "answered 200, but not with BinderHub's health",
        ),
        (
            health("200 OK", {"ok": False, "checks": ["?", None, 5]}),
            Code.CRITICAL,
            "BinderHub is not well: no reason",
        ),
        (
            health("200 OK", {"ok": True, "checks": 5}),
            Code.CRITICAL,
            "answered 200, but not with BinderHub's health",
        ),
        (b"SSH-2.0-OpenSSH\r\n", Code.CRITICAL, "No answer: "),
    ],
)
async def test_a_binderhub_is_asked_for_its_health(
    answer: bytes, code: Code, said: str
) -> None:
    async with answering(answer) as url, seeing(url) as site:
        found = await run(site, kind="binderhub", url=url)
    assert found.code is code, found
    assert said in found.msg
    assert found.failed_stage == ("health" if code is Code.CRITICAL else None)
    if code is Code.WARNING:
        assert found.numbers == {"total_pods": 10, "quota": 9}


async def test_a_slow_binderhub_is_critical_in_time() -> None:
    async with answering(None) as url, seeing(url) as site:
        found = await run(site, kind="binderhub", url=url, timeout=0.2)
    assert found.code is Code.CRITICAL
    assert found.msg == "health: Not done after 0.2 s"
