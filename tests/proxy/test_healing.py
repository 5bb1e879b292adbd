"""What breaks behind our back is mended without anyone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from jupyterhub_suite.proxy.entries import Change
from jupyterhub_suite.proxy.proxy import TraefikProxy
from jupyterhub_suite.proxy.repeated import Repeated
from tests.harness.processes import wait_for
from tests.proxy.conftest import StartProxy, in_a_file, who_answers


def answers(proxy: TraefikProxy, path: str, name: str) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return await who_answers(proxy, path) == name

    return reached


@in_a_file
async def test_a_killed_traefik_is_back_with_all_routes(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    await proxy.add_route("/user/a/", backend("a"), {})
    assert proxy._supervisor and proxy._supervisor.process
    first = proxy._supervisor.process.pid
    os.kill(first, signal.SIGKILL)
    await wait_for(answers(proxy, "/user/a/", "a"), what="Traefik's return")
    assert proxy._supervisor.process.pid != first
    await proxy.add_route("/user/b/", backend("b"), {})
    assert await who_answers(proxy, "/user/b/") == "b"


@pytest.mark.parametrize("place", ["toml", "etcd", "redis", "consul"], indirect=True)
async def test_an_emptied_store_is_filled_again(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(patrol_interval=0.1)
    await proxy.add_route("/user/a/", backend("a"), {})
    assert proxy._session
    store = proxy.make_store()
    await store.open()
    await store.write(
        Change({}, list(await store.load()), {("x", "y", "z"): {"a": "b"}})
    )
    held = proxy._session.table.entries

    async def mended() -> bool:
        return held.keys() <= (await store.load()).keys()

    await wait_for(mended, what="all entries in the store")
    await wait_for(answers(proxy, "/user/a/", "a"), what="the route")
    await store.close()


@in_a_file
async def test_a_restarted_proxy_finds_its_routes(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    first = await start_proxy()
    await first.add_route("/user/a/", backend("a"), {"user": "a"})
    routes = await first.get_all_routes()
    await first._stop()  # as if killed: its files stay
    second = await start_proxy()
    assert await second.get_all_routes() == routes
    assert await who_answers(second, "/user/a/") == "a"


@in_a_file
async def test_a_renewed_certificate_is_written_again(
    start_proxy: StartProxy, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from jupyterhub_suite.proxy.certificate import placeholder

    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_text(placeholder()[0])
    proxy = await start_proxy(ssl_cert=str(folder / "cert.pem"))
    assert proxy._session
    session = proxy._session
    before = session.writer.generations.number
    session.patrol.interval = 0.05
    (folder / "cert.pem").write_text(placeholder()[0])
    os.utime(folder / "cert.pem", (1, 1))
    assert "certificate" in await session.patrol.look()
    await session.writer.reconcile()
    assert session.writer.generations.number > before


@in_a_file
async def test_a_replica_that_is_down_is_reported_and_not_waited_for(
    start_proxy: StartProxy,
    backend: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from jupyterhub_suite.ports import free_port

    api = f"http://127.0.0.1:{free_port()}"
    dead = f"http://127.0.0.1:{free_port()}"
    proxy = await start_proxy(traefik_api_url=api, traefik_api_urls=f"{api}, {dead}")
    await asyncio.wait_for(proxy.add_route("/user/a/", backend("a"), {}), 5)
    assert await who_answers(proxy, "/user/a/") == "a"
    assert any(dead in record.getMessage() for record in caplog.records)


async def test_what_goes_wrong_once_is_logged_and_done_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unlucky(Repeated):
        rounds = 0
        again = asyncio.Event()

        async def once(self) -> None:
            self.rounds += 1
            if self.rounds == 1:
                raise ZeroDivisionError
            self.again.set()

    work = Unlucky(interval=0, log=logging.getLogger("proxy"))
    work.start()
    await asyncio.wait_for(work.again.wait(), 5)
    await work.stop()
    assert "Unlucky goes on after" in caplog.text
