"""Every name reaches its own server in a real Traefik, with every provider."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from urllib.parse import quote

from jupyterhub_suite.proxy.errors import BadRoute
from tests.proxy.conftest import StartProxy, in_a_file, spec_of, who_answers

NASTY = [
    "alice",
    "Alice",
    "ALICE",
    "o'brien",
    "a+b",
    "(x)",
    "a@b.org",
    "a b",
    "é",
    "日本",
    "{{ env }}",
    "{{",
    "}}",
    "a%2Fb",
    "a/b",
    "a%b",
    'say "hi"',
    "back\\slash",
    "tick`",
    "x`) || HostRegexp(`.*`) || PathPrefix(`y",
    "a.b",
    "-",
    "_",
    "a_2eb",
    "a#b",
    "a?b",
    "a;b",
    "*",
    "[a]",
    "$1",
    "^",
    "|",
    "~",
    "0",
    "ß",
    "ss",
    "İ",
]


def invented(count: int) -> list[str]:
    """Names of all sorts of characters, the same ones each time."""
    dice = random.Random(7)
    letters = "abAB01 .-_~!$&'()*+,;=:@/?#[]%{}|\\^`<>\"éÉ日ßİı\x7f"
    return ["".join(dice.choices(letters, k=dice.randint(1, 9))) for _ in range(count)]


async def test_each_name_reaches_its_own_server_or_is_refused(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    servers = {str(n): backend(str(n)) for n in range(40)}
    await proxy.add_route("/", backend("hub"), {"hub": True})
    names = list(dict.fromkeys([*NASTY, *invented(260)]))

    async def add(number: int, name: str) -> bool:
        try:
            await proxy.add_route(spec_of(name), servers[str(number % 40)], {})
        except BadRoute:
            return False
        return True

    added = await asyncio.gather(*(add(n, name) for n, name in enumerate(names)))
    assert sum(added) > 280
    for number, name in enumerate(names):
        own = str(number % 40) if added[number] else "hub"
        if added[number]:
            assert await who_answers(proxy, f"{spec_of(name)}lab") == own, name
            assert await who_answers(proxy, spec_of(name)[:-1]) == own, name
            encoded = f"/user/{quote(name, safe='')}/lab"
            assert await who_answers(proxy, encoded) == own, name
        strange = f"/user/{quote(name + 'x', safe='')}/lab"
        if name + "x" not in names:
            assert await who_answers(proxy, strange) == "hub", name


async def test_a_deleted_route_is_gone_at_once(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    await proxy.add_route("/", backend("hub"), {"hub": True})
    await proxy.add_route("/user/a/", backend("a"), {"user": "a"})
    assert await who_answers(proxy, "/user/a/") == "a"
    await proxy.delete_route("/user/a/")
    assert await who_answers(proxy, "/user/a/") == "hub"
    assert set(await proxy.get_all_routes()) == {"/"}


async def test_a_longer_route_wins_within_many(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy()
    hub, user, named = backend("hub"), backend("user"), backend("named")
    await asyncio.gather(
        proxy.add_route("/", hub, {"hub": True}),
        *(proxy.add_route(f"/user/u{n}/", user, {}) for n in range(400)),
        *(proxy.add_route(f"/user/u7/s{n}/", named, {}) for n in range(100)),
    )
    assert await who_answers(proxy, "/user/u7/lab") == "user"
    assert await who_answers(proxy, "/user/u7/s70/lab") == "named"
    assert await who_answers(proxy, "/user/u7/s701/lab") == "user"
    assert await who_answers(proxy, "/user/u70000/lab") == "hub"
    assert await who_answers(proxy, "/user/u8/lab") == "user"


@in_a_file
async def test_users_with_hosts_of_their_own_reach_their_servers(
    start_proxy: StartProxy, backend: Callable[[str], str]
) -> None:
    proxy = await start_proxy(host_routing=True)
    user, other = backend("user"), backend("other")
    await asyncio.gather(
        proxy.add_route("/", backend("hub"), {"hub": True}),
        *(proxy.add_route(f"u{n}.example/user/u{n}/", user, {}) for n in range(400)),
        proxy.add_route("other.example/user/u7/", other, {}),
    )
    assert await who_answers(proxy, "/user/u7/lab", "u7.example") == "user"
    assert await who_answers(proxy, "/user/u7/lab", "OTHER.example:80") == "other"
    assert await who_answers(proxy, "/user/u7/lab", "u8.example") == "hub"
    assert await who_answers(proxy, "/user/u399/lab", "u399.example") == "user"
