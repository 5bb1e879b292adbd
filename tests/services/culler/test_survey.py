"""What a survey makes of a Hub that tells strange things."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyterhub_suite.services.culler.app import CullerService
from jupyterhub_suite.services.culler.busy import BusyProbe, describe
from jupyterhub_suite.services.culler.policy import Action
from jupyterhub_suite.services.culler.report import table
from jupyterhub_suite.services.culler.retention import Retention
from jupyterhub_suite.services.culler.rules import Rule, Rules
from jupyterhub_suite.services.culler.server import Key
from jupyterhub_suite.services.culler.store import Store
from jupyterhub_suite.services.culler.survey import Surveyor
from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.errors import HubAnswerInvalid, HubUnreachable
from jupyterhub_suite.services.hub import HubClient
from tests.harness.postgresql import PostgreSQL

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
Answer = Callable[[httpx.Request], httpx.Response]


def database_at(url: str) -> Database:
    return Database(url, "culler", CullerService.migrations)


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> PostgreSQL | None:
    return request.getfixturevalue("postgresql") if kind == "postgresql" else None


@pytest.fixture
async def store(server: PostgreSQL | None, tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path}/culler.sqlite"
    database = database_at(await server.new_database() if server else url)
    await database.upgrade()
    yield Store(database)
    await database.close()


both_databases = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def hub_that(answer: Answer) -> HubClient:
    transport = httpx.MockTransport(answer)
    return HubClient("http://hub/hub/api", "t", transport=transport, attempts=1)


def user(name: str, idle: int = 4000, **servers: Any) -> dict[str, Any]:
    time = (NOW - timedelta(seconds=idle)).isoformat().replace("+00:00", "Z")
    model = {"last_activity": time, "started": time, "ready": True, "pending": None}
    return {"name": name, "servers": {"": model, **servers}, "last_activity": time}


def page(items: list[Any], following: Any = None) -> httpx.Response:
    return httpx.Response(
        200, json={"items": items, "_pagination": {"next": following}}
    )


def surveyor(hub: HubClient, store: Store) -> Surveyor:
    return Surveyor(hub, store, Rules(Rule("default", timeout=3600)))


async def test_all_pages_are_read_and_who_is_on_two_is_seen_once(store: Store) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["offset"] == "0":
            return page([user("a"), user("b")], {"offset": 2})
        return page([user("b"), user("c", idle=1)])

    survey = await surveyor(hub_that(answer), store).survey(NOW)

    assert sorted(key.user for key in survey.servers) == ["a", "b", "c"]
    assert sorted(f.server.key.user for f in survey.to_stop()) == ["a", "b"]


@pytest.mark.parametrize("following", [{"offset": 0}, {"offset": "x"}, {}, 7])
async def test_pages_that_lead_nowhere_end_the_survey(
    store: Store, following: Any
) -> None:
    hub = hub_that(lambda request: page([user("a")], following))
    with pytest.raises(HubAnswerInvalid):
        await surveyor(hub, store).survey(NOW)


async def test_pages_that_go_on_behind_the_last_user_end_the_survey(
    store: Store,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        following = {"offset": int(request.url.params["offset"]) + 1}
        pagination = {"next": following, "total": 3}
        page = {"items": [user("a")], "_pagination": pagination}
        return httpx.Response(200, json=page)

    with pytest.raises(HubAnswerInvalid):
        await surveyor(hub_that(answer), store).survey(NOW)


async def test_memory_does_not_grow_with_the_users_who_stay(store: Store) -> None:
    rules = Rules(Rule("default", timeout=3600))

    async def peak(users: int) -> int:
        surveyor = Surveyor(crowd(users), store, rules, cull_users=True)
        tracemalloc.start()
        try:
            assert not (await surveyor.survey(NOW)).leaving
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(200)  # what is kept for good the first time
    assert await peak(6_000) < 2 * await peak(1_000)


def crowd(users: int) -> HubClient:
    """A Hub with so many users, none of them idle, and with no server."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["state"] == "active":
            return page([])
        offset = int(request.url.params["offset"])
        after = offset + 200
        people = [
            {**user(f"user-{number}", idle=1), "servers": {}}
            for number in range(offset, after)
        ]
        return page(people, {"offset": after} if after < users else None)

    return hub_that(answer)


async def test_a_hub_that_breaks_off_ends_the_survey(store: Store) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("stalled", request=request)

    with pytest.raises(HubUnreachable):
        await surveyor(hub_that(answer), store).survey(NOW)


@pytest.mark.parametrize(
    "strange",
    [
        {"servers": {}},
        {"name": "x", "servers": ["a"]},
        {"name": "x", "last_activity": "yesterday"},
        {"name": "x", "servers": {"": {"ready": True, "started": "never"}}},
        "x",
        None,
    ],
)
async def test_one_strange_user_keeps_nobody_else_from_being_judged(
    store: Store, strange: Any
) -> None:
    hub = hub_that(lambda request: page([strange, user("a")]))

    survey = await surveyor(hub, store).survey(NOW)

    assert list(survey.servers) == [Key("a", "")]
    assert len(survey.problems) == 1


async def test_a_server_in_limbo_is_reported_and_left_alone(store: Store) -> None:
    limbo = {"ready": False, "pending": None, "last_activity": None}
    hub = hub_that(lambda request: page([user("a", lab=limbo)]))

    survey = await surveyor(hub, store).survey(NOW)

    assert survey.servers[Key("a", "lab")].decision.action is Action.SKIP
    assert "neither ready nor pending" in survey.problems[0]
    assert "neither ready nor pending" in table(survey)


@both_databases
async def test_leases_and_warnings_are_kept_by_the_database(store: Store) -> None:
    key = Key("日本 'x\"", "lab")
    lease = await store.add_lease(key, NOW, 2, "admin")
    await store.add_lease(key, NOW, 3, "admin")

    assert await store.kept_until(NOW) == {key: lease.until + timedelta(hours=1)}
    assert await store.kept_until(NOW + timedelta(hours=3)) == {}
    assert await store.revoke_lease(key, NOW)
    assert not await store.revoke_lease(key, NOW)
    await store.forget(NOW + timedelta(days=1))
    assert await store.leases_of(key.user, NOW - timedelta(days=9)) == []


@pytest.mark.parametrize(
    ("kernels", "terminals", "said"),
    [
        ([], [], None),
        ([{"execution_state": "idle", "connections": 0}], [], None),
        ([{"execution_state": "busy", "connections": 0}], [], "1 busy kernel"),
        ([{"connections": 2}] * 2, [{}], "2 connected kernels, 1 terminal"),
        ({"message": "no"}, "x", None),
        ([1, None], [], None),
    ],
)
def test_what_a_server_is_busy_with(kernels: Any, terminals: Any, said: Any) -> None:
    assert describe(kernels, terminals) == said


async def test_a_server_that_cannot_answer_is_not_busy(store: Store) -> None:
    probe = BusyProbe("http://127.0.0.1:9", "token")
    hub = hub_that(lambda request: page([user("a")]))
    rules = Rules(Rule("default", timeout=3600, busy_hold=9000))

    survey = await Surveyor(hub, store, rules, probe=probe).survey(NOW)

    assert len(survey.to_stop()) == 1
    assert probe.failures == 1
    await probe.close()


@both_databases
async def test_data_is_let_go_after_the_grace_time_unless_its_owner_is_back(
    store: Store,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        back = request.url.path.endswith("/back")
        return httpx.Response(200 if back else 404, json={"name": "back"})

    called: list[str] = []

    def hook(name: str) -> None:
        called.append(name)
        if name == "broken":
            raise OSError("disk")

    def retention(dry_run: bool) -> Retention:
        log = CullerService().log
        grace = timedelta(days=30)
        return Retention(hub_that(answer), store, log, hook, grace, dry_run)

    for name in ("gone", "back", "broken"):
        await retention(True).begin(name, NOW)
    later = NOW + timedelta(days=30)

    await retention(False).work_off(later - timedelta(seconds=1))
    await retention(True).work_off(later)
    assert called == []
    await retention(False).work_off(later)

    assert sorted(called) == ["broken", "gone"]
    states = {each.user: each.state for each in await store.departed()}
    assert states == {"gone": "done", "back": "returned", "broken": "failed"}
