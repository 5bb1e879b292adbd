"""Group commit, with a store in a dictionary and a Traefik that is a function."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Task
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from jupyterhub_suite.proxy import traefik
from jupyterhub_suite.proxy.errors import (
    NotConfirmed,
    StoreRefused,
    StoreUnavailable,
)
from jupyterhub_suite.proxy.metrics import ProxyMetrics
from jupyterhub_suite.proxy.routes import Address, Route
from jupyterhub_suite.proxy.stores.memory import MemoryStore
from jupyterhub_suite.proxy.table import Door, Naming, Table
from jupyterhub_suite.proxy.writer import Writer
from tests.harness.processes import wait_for


class FakeTraefik:
    """Confirms at once, when allowed, or refuses."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.allowed = asyncio.Event()
        self.allowed.set()
        self.refuses = False
        self.asked = asyncio.Event()

    async def confirm(self, mark: str, timeout: float) -> None:
        self.asked.set()
        await self.allowed.wait()
        if self.refuses:
            raise NotConfirmed("it has not loaded the change")
        self.seen.append(mark)

    async def holds_up(self, submitting: Coroutine[Any, Any, None]) -> Task[None]:
        """A change that is written, and not confirmed before `allowed` is set."""
        self.allowed.clear()
        submitted = asyncio.create_task(submitting)
        await self.asked.wait()
        return submitted


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def replica() -> FakeTraefik:
    return FakeTraefik()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def writer(
    store: MemoryStore, replica: FakeTraefik, registry: CollectorRegistry
) -> AsyncIterator[Writer]:
    writer = Writer(
        Table(Naming(), Door(("http",))),
        store,
        replica.confirm,
        log=logging.getLogger("test"),
        metrics=ProxyMetrics(registry),
        timeout=0.2,
        again=0.05,
        retry=(0.01, 0.05),
    )
    yield writer
    await writer.close()


def route(name: str, port: int = 1) -> dict[Address, Route | None]:
    spec = f"/user/{name}/"
    return {Address.parse(spec): Route.make(spec, f"http://host:{port}", {})}


def gone(name: str) -> dict[Address, Route | None]:
    return {Address.parse(f"/user/{name}/"): None}


def routes_in(store: MemoryStore) -> set[str]:
    return {
        Route.from_json(entry).spec
        for path, entry in store.entries.items()
        if path[0] == "jupyterhub"
    }


async def says(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async def said() -> bool:
        return words in caplog.text

    await wait_for(said, what=f"the log says {words!r}")


async def test_a_thousand_changes_take_a_handful_of_writes(
    writer: Writer, store: MemoryStore
) -> None:
    await asyncio.gather(*(writer.submit(route(f"u{n}")) for n in range(1000)))
    assert len(routes_in(store)) == 1000
    assert store.writes <= 3


async def test_adding_returns_only_when_traefik_has_loaded(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    adding = await replica.holds_up(writer.submit(route("a")))
    assert not adding.done()
    replica.allowed.set()
    await adding


async def test_the_mark_is_written_with_what_it_confirms(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    await writer.submit(route("a"))
    assert traefik.mark_of(store.entries[writer.seal]) == replica.seen[-1]


async def test_the_last_of_two_wishes_for_one_address_wins(
    writer: Writer, store: MemoryStore
) -> None:
    await asyncio.gather(writer.submit(route("a", 1)), writer.submit(route("a", 2)))
    (entry,) = (e for p, e in store.entries.items() if p[0] == "jupyterhub")
    assert Route.from_json(entry).target == "http://host:2"


async def test_what_changes_nothing_is_not_written(
    writer: Writer, store: MemoryStore
) -> None:
    await writer.submit(route("a"))
    writes = store.writes
    await writer.submit(route("a"))
    await writer.submit(gone("nobody"))
    assert store.writes == writes


async def test_an_add_that_no_traefik_loads_leaves_nothing_behind(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    await writer.submit(route("a", 1))
    replica.refuses = True
    with pytest.raises(NotConfirmed):
        await writer.submit({**route("a", 2), **route("b")})
    replica.refuses = False
    await writer.reconcile()
    assert routes_in(store) == {"/user/a/"}
    assert writer.table.routes == route("a", 1)


async def test_a_delete_that_failed_is_tried_on(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    await writer.submit(route("a"))
    replica.refuses = True
    with pytest.raises(NotConfirmed):
        await writer.submit(gone("a"))
    replica.refuses = False
    await writer.reconcile()
    assert routes_in(store) == set()


@pytest.mark.parametrize("written_before", [False, True])
async def test_changes_wait_for_a_store_that_is_away_for_a_moment(
    writer: Writer,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
    written_before: bool,
) -> None:
    if written_before:
        await writer.reconcile()
    store.failure = StoreUnavailable("nobody answers")
    adding = asyncio.create_task(writer.submit(route("a")))
    await says(caplog, "Routes wait for their store")
    assert not adding.done()
    store.failure = None
    await adding
    assert routes_in(store) == {"/user/a/"}


async def test_who_waits_too_long_for_a_store_learns_why(
    writer: Writer, store: MemoryStore
) -> None:
    store.failure = StoreUnavailable("nobody answers")
    with pytest.raises(StoreUnavailable, match="nobody answers"):
        await writer.submit(route("a"))
    store.failure = None
    await writer.reconcile()
    assert routes_in(store) == set()


async def test_a_store_that_says_no_is_reported_at_once(
    writer: Writer, store: MemoryStore
) -> None:
    store.failure = StoreRefused("wrong password")
    with pytest.raises(StoreRefused, match="wrong password"):
        await writer.submit(route("a"))


async def test_a_flushed_store_is_filled_again(
    writer: Writer, store: MemoryStore, registry: CollectorRegistry
) -> None:
    await writer.submit(route("a"))
    store.entries.clear()
    await writer.reconcile()
    assert routes_in(store) == {"/user/a/"}
    assert registry.get_sample_value("jupyterhub_proxy_repairs_total") == 3


async def test_what_a_store_lost_before_traefik_read_it_is_written_again(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    adding = await replica.holds_up(writer.submit({**route("a"), **route("b")}))
    store.entries.clear()

    async def back() -> bool:
        return routes_in(store) == {"/user/a/", "/user/b/"}

    await wait_for(back, what="both routes again")
    assert not adding.done()
    replica.allowed.set()
    await adding


async def test_news_that_traefik_missed_are_told_again(
    writer: Writer, replica: FakeTraefik, store: MemoryStore
) -> None:
    adding = await replica.holds_up(writer.submit(route("a")))
    told = store.writes

    async def told_again() -> bool:
        return store.writes > told

    await wait_for(told_again, what="another write")
    assert not adding.done()
    replica.allowed.set()
    await adding
    # The same table, with a later mark.
    assert routes_in(store) == {"/user/a/"}
    assert traefik.mark_of(store.entries[writer.seal]) == writer.generations.current


async def test_a_store_that_goes_away_before_traefik_read_it_is_waited_for(
    writer: Writer,
    replica: FakeTraefik,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer.timeout = 5
    adding = await replica.holds_up(writer.submit(route("a")))
    store.entries.clear()
    store.failure = StoreUnavailable("nobody answers")
    await says(caplog, "Routes wait for their store")
    assert not adding.done()
    store.failure = None
    replica.allowed.set()
    await adding
    assert routes_in(store) == {"/user/a/"}


async def test_strays_of_ours_go_and_entries_of_others_stay(
    writer: Writer, store: MemoryStore
) -> None:
    await writer.submit(route("a"))
    ours = ("http", "routers", Naming().of("route-user-stray"))
    theirs = ("http", "routers", "somebody-else")
    store.entries |= {ours: {"rule": "x"}, theirs: {"rule": "y"}}
    await writer.reconcile()
    assert ours not in store.entries
    assert theirs in store.entries


async def test_another_hub_in_the_same_store_is_left_alone(
    writer: Writer, store: MemoryStore
) -> None:
    await writer.submit(route("a"))
    theirs = ("http", "routers", Naming("other").of("route-user-b"))
    store.entries[theirs] = {"rule": "y"}
    await writer.reconcile()
    assert theirs in store.entries


async def test_a_store_that_was_emptied_gets_all_routes_with_the_next_change(
    writer: Writer, store: MemoryStore
) -> None:
    await writer.submit(route("alice"))
    full = len(store.entries)
    store.entries.clear()
    await writer.submit(route("bob"))
    assert len(store.entries) > full
