"""What notebooks need of Traefik: TLS, long requests, large headers, odd paths."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jupyterhub_suite.proxy.certificate import placeholder
from tests.harness.ports import free_port
from tests.harness.processes import wait_for
from tests.proxy.conftest import StartProxy, in_a_file, who_answers


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


async def served_certificate(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
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
    async with httpx.AsyncClient(verify=False, trust_env=False, http2=False) as client:
        assert (
            await client.get(f"https://127.0.0.1:{port}/user/a/")
        ).text == "a /user/a/"
        sent_on = await client.get(f"http://127.0.0.1:{plain}/user/a/")
        assert sent_on.status_code in (301, 302, 307, 308)
        assert sent_on.headers["Location"] == f"https://127.0.0.1:{port}/user/a/"
    first = await served_certificate(port)
    write_certificate(tmp_path)

    async def renewed() -> bool:
        return await served_certificate(port) != first

    await wait_for(renewed, what="the new certificate")


@in_a_file
async def test_odd_paths_and_large_headers_arrive_as_they_were_sent(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    await proxy.add_route("/user/a/", backend("a"), {})
    async with httpx.AsyncClient(trust_env=False, base_url=proxy.public_url) as client:
        for path in (
            "/user/a/x%2Fy",
            "/user/a/x%25y",
            "/user/a/%5C%3B%3F%23",
            "/user/a/é",
        ):
            answer = await client.get(path)
            assert answer.text == f"a {answer.request.url.raw_path.decode()}"
        cookie = {"Cookie": "c=" + "x" * 50_000}
        assert (await client.get("/user/a/", headers=cookie)).status_code == 200


@in_a_file
async def test_there_is_no_time_limit_on_a_request(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    assert proxy._session
    replica = proxy._session.replicas.replicas[0]
    limits = await replica.json(f"/api/entrypoints/{proxy.traefik_entrypoint}")
    timeouts = limits["transport"]["respondingTimeouts"]
    assert timeouts.get("readTimeout", "0s") in ("0s", 0)
    assert timeouts.get("writeTimeout", "0s") in ("0s", 0)


@in_a_file
async def test_two_hubs_share_a_traefik_and_keep_apart(
    start_proxy: StartProxy, backend: Callable[[str], str], tmp_path: Path
) -> None:
    one = await start_proxy(hub_id="one", public_hosts=["one.example"])
    await one.add_route("/", backend("one"), {"hub": True})
    assert await who_answers(one, "/", "one.example") == "one"
    assert await who_answers(one, "/", "two.example") == "404"
