"""The queries, on SQLite and on a real PostgreSQL; and two replicas at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.entrypoint.app import EntrypointService
from jupyterhub_suite.services.entrypoint.model import Entrypoint, now
from jupyterhub_suite.services.entrypoint.store import EntrypointStore, Person, Query
from jupyterhub_suite.services.entrypoint.validators import Verdict
from jupyterhub_suite.services.errors import PublicError
from tests.harness.postgresql import PostgreSQL

ALICE = Person("alice", frozenset({"science"}))


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/entrypoint.sqlite"
    return await postgresql.new_database()


async def open_store(url: str) -> tuple[Database, EntrypointStore]:
    database = Database(url, "entrypoint", EntrypointService.migrations)
    await database.upgrade()
    return database, EntrypointStore(database)


@pytest.fixture
async def replicas(url: str) -> AsyncIterator[list[EntrypointStore]]:
    """Two on one database, as two processes would be."""
    opened = [await open_store(url) for _ in range(2)]
    yield [store for _, store in opened]
    for database, _ in opened:
        await database.close()


@pytest.fixture
def store(replicas: list[EntrypointStore]) -> EntrypointStore:
    return replicas[0]


def make(name: str, owner: str = "alice", **more: Any) -> Entrypoint:
    groups, systems = more.pop("groups", []), more.pop("systems", ["cori"])
    made = Entrypoint(
        **{"owner": owner, "name": name, "type": "script", "entrypoint": "/x", **more}
    )
    made.systems, made.groups = systems, groups
    return made


async def test_what_is_added_comes_back_whole(store: EntrypointStore) -> None:
    fields = {"arguments": ["a", "ü\u2028"]}
    made = make("x", systems=["pm", "cori"], groups=["science"], fields=fields)
    await store.add(made, "alice")
    found = await store.get(made.id)
    assert found is not None
    assert found is not made
    assert (found.systems, found.groups) == (["cori", "pm"], ["science"])
    assert found.fields == fields
    assert abs(found.created - now()) < timedelta(minutes=1)


async def test_one_sees_ones_own_what_is_shared_and_what_is_published(
    store: EntrypointStore,
) -> None:
    for made in (
        make("own"),
        make("hidden", "bob"),
        make("shared", "bob", groups=["science", "other"]),
        make("elsewhere", "bob", groups=["staff"]),
        make("published", "carol", public=True),
        make("not here", systems=["pm"]),
    ):
        await store.add(made, made.owner)
    page = await store.visible(ALICE, Query(system="cori"))
    assert [one.name for one in page.items] == ["own", "published", "shared"]
    assert page.total == 3
    nobody = await store.visible(Person("dave"), Query())
    assert [one.name for one in nobody.items] == ["published"]


async def test_search_takes_its_words_as_they_are(store: EntrypointStore) -> None:
    for name in ("100%", "a_b", "acb", "O'Brien"):
        await store.add(make(name), "alice")
    for words, expected in (
        ("%", ["100%"]),
        ("A_B", ["a_b"]),
        ("o'b", ["O'Brien"]),
        ("\\", []),
    ):
        page = await store.visible(ALICE, Query(search=words))
        assert [one.name for one in page.items] == expected


async def test_a_servers_own_selection_comes_before_that_for_all(
    store: EntrypointStore,
) -> None:
    first, second = make("first"), make("second")
    await store.add(first, "alice")
    await store.add(second, "alice")
    await store.choose("alice", "cori", "", (first.id, first.name), "alice")
    await store.choose("alice", "cori", "lab", (second.id, second.name), "alice")

    async def chosen(server: str) -> str:
        choice = await store.chosen("alice", "cori", server)
        assert choice is not None
        assert choice.entrypoint is not None
        return choice.entrypoint.name

    assert [await chosen(server) for server in ("", "lab", "x")] == [
        "first",
        "second",
        "first",
    ]
    assert await store.clear("alice", "cori", "lab", "alice") is True
    assert await store.clear("alice", "cori", "lab", "alice") is False
    assert await chosen("lab") == "first"


async def test_others_selections_survive_a_removal(store: EntrypointStore) -> None:
    made = make("shared", groups=["science"])
    await store.add(made, "alice")
    for user in ("alice", "bob"):
        await store.choose(user, "cori", "", (made.id, made.name), user)
    assert await store.remove(made, "alice") is True
    assert await store.remove(made, "alice") is False
    assert await store.chosen("alice", "cori", "") is None
    left = await store.chosen("bob", "cori", "")
    assert left is not None
    assert (left.selection.name, left.entrypoint) == ("shared", None)


async def test_a_change_forgets_what_was_checked(store: EntrypointStore) -> None:
    made = make("x")
    await store.add(made, "alice")
    await store.record_check("alice", made.id, "cori", Verdict(False, "bad"))
    await store.change(made.id, {"name": "y"}, "alice", "update")
    assert await store.checks("alice", [made.id])
    await store.change(made.id, {"entrypoint": "/y"}, "alice", "update")
    assert await store.checks("alice", [made.id]) == {}


async def test_what_was_not_checked_for_a_while_is_due(store: EntrypointStore) -> None:
    made = make("x")
    await store.add(made, "alice")
    await store.choose("alice", "cori", "", (made.id, "x"), "alice")
    due = [("alice", "cori", made.id)]
    assert await store.due(now(), 10) == due
    await store.record_check("alice", made.id, "cori", Verdict(True, "good"))
    assert await store.due(now() - timedelta(minutes=1), 10) == []
    assert await store.due(now() + timedelta(minutes=1), 10) == due


async def test_a_refused_change_leaves_nothing_behind(store: EntrypointStore) -> None:
    one, two = make("one"), make("two")
    await store.add(one, "alice")
    await store.add(two, "alice")
    with pytest.raises(PublicError, match="'one'"):
        await store.change(
            two.id, {"name": "one", "systems": ["pm"]}, "alice", "update"
        )
    found = await store.get(two.id)
    assert found is not None
    assert (found.name, found.systems) == ("two", ["cori"])
    assert (await store.audit("alice", 0, 10)).total == 2


async def test_replicas_add_a_name_once_whoever_comes_first(
    replicas: list[EntrypointStore],
) -> None:
    async def add(number: int) -> bool:
        try:
            await replicas[number % 2].add(make("same"), "alice")
        except PublicError as error:
            assert error.status == 409
            return False
        return True

    assert sum(await asyncio.gather(*(add(number) for number in range(12)))) == 1


async def test_replicas_lose_and_double_nothing(
    replicas: list[EntrypointStore],
) -> None:
    shared = make("shared", public=True)
    await replicas[0].add(shared, "alice")

    async def work(number: int) -> None:
        store, user = replicas[number % 2], f"u{number // 2}"
        made = make(f"n{number}", user)
        await store.add(made, user)
        await store.choose(user, "cori", "", (made.id, made.name), user)
        await store.used({shared.id: 1})

    await asyncio.gather(*(work(number) for number in range(40)))
    everything = await replicas[1].everything(Query(limit=200))
    assert everything.total == 41
    found = await replicas[1].get(shared.id)
    assert found is not None
    assert found.use_count == 40
    for number in range(20):
        choice = await replicas[0].chosen(f"u{number}", "cori", "")
        assert choice is not None
        assert choice.entrypoint is not None
        assert choice.entrypoint.owner == f"u{number}"
    assert (await replicas[0].audit("", 0, 1)).total == 81


async def test_of_two_who_change_what_they_read_the_second_is_told(
    replicas: list[EntrypointStore],
) -> None:
    made = make("x")
    await replicas[0].add(made, "alice")
    read = [await store.get(made.id) for store in replicas]

    async def change(number: int) -> int:
        seen, changes = read[number], {"name": f"n{number}"}
        assert seen is not None
        try:
            await replicas[number].change(made.id, changes, "a", "update", seen.version)
        except PublicError as error:
            return error.status
        return 200

    assert sorted(await asyncio.gather(change(0), change(1))) == [200, 409]
    assert (await replicas[0].audit("alice", 0, 10)).total == 2
    # Who does not say what they have read changes whatever is there.
    changed = await replicas[0].change(made.id, {"name": "y"}, "a", "update")
    assert changed is not None
    assert changed.name == "y"
