"""One contract, and every store is held to it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.entries import Change, Path as EntryPath, same
from jupyterhub_suite.proxy.stores.base import Store
from jupyterhub_suite.proxy.stores.consul import ConsulStore
from jupyterhub_suite.proxy.stores.etcd import EtcdStore
from jupyterhub_suite.proxy.stores.file import FileStore
from jupyterhub_suite.proxy.stores.http import HttpStore
from jupyterhub_suite.proxy.stores.keyvalue import Roots
from jupyterhub_suite.proxy.stores.memory import MemoryStore
from jupyterhub_suite.proxy.stores.redis import RedisStore
from jupyterhub_suite.proxy.stores.redis_address import RedisAddress
from tests.harness.etcd import Etcd

A: EntryPath = ("http", "routers", "a")
B: EntryPath = ("http", "services", "b")
ROUTE: EntryPath = ("jupyterhub", "routes", "a")
SEAL: EntryPath = ("http", "middlewares", "seal")
ROUTER = {
    "rule": "PathPrefix(`/{{x}}`)",
    "priority": 7,
    "middlewares": [f"m{n}" for n in range(12)],
    "entryPoints": ["http"],
}


KINDS = ["memory", "toml", "yaml", "json", "etcd", "etcd-3", "redis", "consul", "http"]


@pytest.fixture
async def three_members(start_etcd: Any) -> Etcd:
    return await start_etcd(members=3)


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Make a store; each time for the same entries, as if the Hub had restarted."""
    kind = request.param
    parts = {"etcd-3": "three_members", "etcd": "etcd", "redis": "redis"}
    parts["consul"] = "consul"
    part: Any = request.getfixturevalue(parts[kind]) if kind in parts else None
    roots = Roots(f"t{secrets.token_hex(4)}/traefik", f"t{secrets.token_hex(4)}/hub")
    memory = MemoryStore()

    def made() -> Store:
        if kind == "memory":
            return memory
        if kind.startswith("etcd"):
            return EtcdStore(roots, part.endpoints)
        if kind == "redis":
            return RedisStore(roots, RedisAddress.parse(part.url))
        if kind == "consul":
            return ConsulStore(roots, part.url)
        if kind == "http":
            return HttpStore(f"http://127.0.0.1:{free_port()}", "", "token")
        return FileStore(str(tmp_path / f"rules.{kind}"))

    return made


@pytest.fixture
async def store(make: Callable[[], Store]) -> AsyncIterator[Store]:
    store = make()
    await store.open()
    await store.load()
    yield store
    await store.close()


async def test_a_new_store_is_empty(store: Store) -> None:
    assert await store.load() == {}
    assert await store.peek(SEAL) is None


async def test_what_was_written_is_there(store: Store) -> None:
    await store.write(Change({A: ROUTER, ROUTE: '{"a": 1}'}, [], {SEAL: {"x": "1"}}))
    found = await store.load()
    assert found.keys() == {A, ROUTE, SEAL}
    assert same(found[A], ROUTER)
    assert found[ROUTE] == '{"a": 1}'
    assert same(await store.peek(SEAL), {"x": "1"})


async def test_an_entry_is_replaced_as_a_whole(store: Store) -> None:
    await store.write(Change({A: ROUTER}, [], {SEAL: {"x": "1"}}))
    await store.write(Change({A: {"rule": "y"}}, [], {SEAL: {"x": "2"}}))
    found = await store.load()
    assert same(found[A], {"rule": "y"})
    assert same(found[SEAL], {"x": "2"})


async def test_what_was_removed_is_gone_and_the_rest_stays(store: Store) -> None:
    await store.write(Change({A: ROUTER, B: {"y": "z"}}, [], {SEAL: {"x": "1"}}))
    await store.write(
        Change({}, [A, ("http", "routers", "nobody")], {SEAL: {"x": "2"}})
    )
    assert (await store.load()).keys() == {B, SEAL}


async def test_thousands_of_entries_are_one_write(store: Store) -> None:
    many: dict[EntryPath, Any] = {
        ("http", "services", f"s{n}"): {"n": {"m": str(n)}} for n in range(5000)
    }
    await store.write(Change(many, [], {SEAL: {"x": "1"}}))
    assert len(await store.load()) == 5001
    await store.write(Change({}, list(many), {SEAL: {"x": "2"}}))
    assert (await store.load()).keys() == {SEAL}


async def test_entries_outlive_the_hub(store: Store, make: Callable[[], Store]) -> None:
    if isinstance(store, HttpStore):
        pytest.skip("lives in the Hub: the Hub's own database is what outlives it")
    await store.write(Change({A: ROUTER}, [], {SEAL: {"x": "1"}}))
    again = make()
    await again.open()
    assert same((await again.load())[A], ROUTER)
    await again.write(Change({A: {"rule": "y"}}, [], {SEAL: {"x": "2"}}))
    assert same((await store.load())[A], {"rule": "y"})
    await again.close()
