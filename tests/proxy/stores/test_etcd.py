"""etcd: members that die, users, and transactions of any size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.proxy.entries import Change
from jupyterhub_suite.proxy.errors import StoreRefused, StoreUnavailable
from jupyterhub_suite.proxy.stores.etcd import BRANCHES, EtcdStore, nested
from jupyterhub_suite.proxy.stores.keyvalue import Roots
from tests.harness.etcd import Etcd

StartEtcd = Callable[..., Awaitable[Etcd]]
PATH = ("http", "routers", "a")
SEAL: Any = {("http", "middlewares", "seal"): {"addPrefix": {"prefix": "/x-1"}}}


async def test_a_member_that_dies_is_passed_over(start_etcd: StartEtcd) -> None:
    etcd = await start_etcd(members=3)
    store = EtcdStore(Roots(), etcd.endpoints)
    await store.write(Change({PATH: {"rule": "x"}}, [], SEAL))
    await etcd.members[0].kill()
    await store.write(Change({PATH: {"rule": "y"}}, [], SEAL))
    assert (await store.load())[PATH] == {"rule": "y"}
    await etcd.members[0].start()
    await etcd.members[1].kill()
    assert (await store.load())[PATH] == {"rule": "y"}
    await store.close()


async def test_nobody_at_home_names_every_url_without_its_password() -> None:
    urls = [f"http://root:hunter2@127.0.0.1:{free_port()}" for _ in range(2)]
    store = EtcdStore(Roots(), urls)
    with pytest.raises(StoreUnavailable) as away:
        await store.load()
    for url in urls:
        assert url.rpartition("@")[2] in str(away.value)
    assert "hunter2" not in str(away.value)
    await store.close()


async def test_a_user_logs_in_and_logs_in_again_when_forgotten(
    start_etcd: StartEtcd,
) -> None:
    etcd = await start_etcd()
    admin = EtcdStore(Roots(), etcd.endpoints)
    await admin.call("auth/user/add", {"name": "root", "password": "r1ght"})
    await admin.call("auth/user/grant", {"user": "root", "role": "root"})
    await admin.call("auth/enable", {})
    store = EtcdStore(Roots(), etcd.endpoints, username="root", password="r1ght")
    await store.write(Change({PATH: {"rule": "x"}}, [], SEAL))
    await etcd.members[0].restart()  # forgets all tokens
    assert (await store.load())[PATH] == {"rule": "x"}
    wrong = EtcdStore(Roots(), etcd.endpoints, username="root", password="wr0ng")
    with pytest.raises(StoreRefused, match="etcd_username = 'root'") as refused:
        await wrong.load()
    assert "wr0ng" not in str(refused.value)
    with pytest.raises(StoreRefused):
        await admin.load()
    for each in (admin, store, wrong):
        await each.close()


@pytest.mark.parametrize("count", [1, 42, 43, 5000, BRANCHES**3])
def test_no_path_through_a_nested_transaction_is_too_long(count: int) -> None:
    def longest(operations: list[Any]) -> int:
        inner = [o["requestTxn"]["success"] for o in operations if "requestTxn" in o]
        return len(operations) + max(map(longest, inner), default=0)

    def leaves(operations: list[Any]) -> int:
        return sum(
            leaves(o["requestTxn"]["success"]) if "requestTxn" in o else 1
            for o in operations
        )

    tree = nested([{"requestPut": {"key": str(n)}} for n in range(count)])
    assert longest(tree) <= 128
    assert leaves(tree) == count
