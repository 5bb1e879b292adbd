"""The client for the Hub's API: against real Hubs, and against one that misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from jupyterhub_suite.services.errors import (
    HubAnswerInvalid,
    HubConflict,
    HubError,
    HubFailed,
    HubMissing,
    HubRefused,
    HubUnreachable,
    SettingError,
)
from jupyterhub_suite.services.hub import HubClient, api_path
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import RealHub

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, **options: Any) -> HubClient:
    transport = httpx.MockTransport(answer)
    options = {"attempts": 3, "longest_wait": 0.01, **options}
    return HubClient("http://hub/hub/api", "secret", transport=transport, **options)


async def collect(hub: HubClient, path: str, **options: Any) -> list[Any]:
    return [item async for item in hub.pages(path, **options)]


HOSTILE = ["a b", "o'brien", "50%", "x/../admin", "victim?x", "#", "日本", "a;b"]


@both_hubs
async def test_a_real_hub_pages_its_users_and_knows_hostile_names(
    start_hub: StartHub,
) -> None:
    hub: RealHub = await start_hub()
    ours = HubClient(hub.api_url, hub.token)
    names = [f"user-{number:02}" for number in range(23)]
    await ours.post("users", {"usernames": names})
    found = {user["name"] async for user in ours.pages("users", page_size=5)}
    assert found >= set(names)
    for name in set(HOSTILE) - {"x/../admin"}:  # the Hub itself refuses that one
        await ours.post(api_path("users", name))
        assert (await ours.get(api_path("users", name)))["name"] == name
        await ours.delete(api_path("users", name))
        with pytest.raises(HubMissing):
            await ours.get(api_path("users", name))
    with pytest.raises(HubConflict):
        await ours.post(api_path("users", names[0]))
    with pytest.raises(HubRefused) as refused:
        await HubClient(hub.api_url, "wrong-token").get("users")
    assert "wrong-token" not in str(refused.value)
    await ours.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leaves_its_place_in_a_path(name: str) -> None:
    path = api_path("users", name, "server")
    assert path.count("/") == 2
    assert httpx.URL(f"http://hub/{path}").query == b""


async def test_reading_is_tried_again_while_the_hub_fails() -> None:
    answers = iter([503, 502, 200])
    hub = client(lambda request: httpx.Response(next(answers), json={"a": 1}))
    assert await hub.get("users") == {"a": 1}


async def test_a_change_is_never_sent_twice() -> None:
    seen = []

    def fail(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        return httpx.Response(503)

    hub = client(fail)
    for change in (hub.post, hub.put, hub.patch, hub.delete):
        with pytest.raises(HubFailed):
            await change("users/a")
    assert seen == ["POST", "PUT", "PATCH", "DELETE"]


async def test_a_refusal_is_not_tried_again_and_says_why() -> None:
    seen = []

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403, json={"message": "missing scope list:users"})

    with pytest.raises(HubRefused, match="missing scope list:users"):
        await client(refuse).get("users")
    assert len(seen) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ReadTimeout])
async def test_no_answer_is_an_error_of_ours(failure: type[Exception]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure("broken")

    with pytest.raises(HubUnreachable, match="http://hub/hub/api/users"):
        await client(fail).get("users")


@pytest.mark.parametrize(
    "page",
    [
        {"items": []},
        {"items": [1], "_pagination": {"next": {"offset": 0}}},
        {"items": [1], "_pagination": {"next": {}}},
        {"_pagination": {"next": None}},
        3,
    ],
)
async def test_a_hub_that_pages_wrongly_is_refused(page: Any) -> None:
    with pytest.raises(HubAnswerInvalid):
        await collect(client(lambda request: httpx.Response(200, json=page)), "users")


async def test_an_answer_that_is_no_json_is_refused() -> None:
    hub = client(lambda request: httpx.Response(200, text="<html>"))
    with pytest.raises(HubAnswerInvalid):
        await hub.get("users")


async def test_no_more_calls_at_once_than_allowed() -> None:
    under_way = most = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.sleep(0.01)
        under_way -= 1
        return httpx.Response(200, json={})

    hub = client(slow, concurrency=3)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(hub.get, f"users/{number}")
    assert most == 3


@pytest.mark.parametrize("token", ["tok\nen", "tok\ten", "tok\x00en", "tokén"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(SettingError) as refused:
        HubClient("http://hub", token)
    assert token not in str(refused.value)


async def test_neither_errors_nor_repr_show_the_token() -> None:
    hub = client(lambda request: httpx.Response(500, text="no"))
    with pytest.raises(HubError) as failed:
        await hub.get("users")
    assert "secret" not in f"{failed.value!r} {hub!r}"
