"""Registries and image services, as live servers that are well, slow or broken."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from jupyterhub_suite.services.entrypoint.checking import Checker
from jupyterhub_suite.services.entrypoint.systems import System
from jupyterhub_suite.services.entrypoint.types import EntrypointType, parse_types
from jupyterhub_suite.services.entrypoint.validators import BaseValidator
from jupyterhub_suite.services.errors import PublicError, SettingError
from tests.harness.fixtures import Start
from tests.harness.registry import PASSWORD, USER

if TYPE_CHECKING:
    from jupyterhub_suite.services.entrypoint.store import EntrypointStore

DIGEST = f"sha256:{'a' * 64}"
Answer = Callable[[RequestHandler], Awaitable[None] | None]


class Live:
    """Answers as the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        listener, self.port = bind_unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[str] = []
        self.answer: Answer = lambda request: None
        self.server = HTTPServer(Application([(".*", Handler, {"live": self})]))
        self.server.add_socket(listener)


class Handler(RequestHandler):
    def initialize(self, live: Live) -> None:
        self.live = live

    async def get(self) -> None:
        self.live.asked.append(f"{self.request.method} {self.request.uri}")
        answer = self.live.answer(self)
        if answer is not None:
            await answer

    head = get


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    live = Live()
    yield live
    live.server.stop()
    await live.server.close_all_connections()


def container(live: Live, **settings: Any) -> EntrypointType:
    registry = {f"127.0.0.1:{live.port}": live.url, "": live.url}
    entry = {"name": "container", "registry": registry, "patience": 0.5, **settings}
    return parse_types([entry])["container"]


def image(live: Live, name: str = "team/lab:1") -> dict[str, str]:
    return {"entrypoint": f"127.0.0.1:{live.port}/{name}"}


async def verdict(kind: EntrypointType, typed: dict[str, str]) -> tuple[Any, str]:
    return await kind.validate(typed, "alice", [], BaseValidator())


def open_registry(request: RequestHandler) -> None:
    """Has one image, and tells it to anybody."""
    if request.request.path in ("/v2/team/lab/manifests/1", f"/v2/team/lab/{DIGEST}"):
        request.set_header("Docker-Content-Digest", DIGEST)
    else:
        request.set_status(404)


async def test_a_registry_knows_an_image_or_not(live: Live) -> None:
    live.answer = open_registry
    assert await verdict(container(live), image(live)) == (True, "The registry has it.")
    missing = await verdict(container(live), image(live, "team/lab:2"))
    assert missing == (False, "The registry has no such image.")


async def test_a_tag_is_pinned_to_the_digest_that_it_has_now(live: Live) -> None:
    live.answer = open_registry
    typed = await container(live, pin=True).prepare(image(live), "alice")
    assert typed["entrypoint"] == f"127.0.0.1:{live.port}/team/lab:1@{DIGEST}"


def with_tokens(live: Live, token: Any = "anybodys", **told: str) -> Answer:
    """A registry as the large public ones are."""
    told = {
        "realm": f"{live.url}/token",
        "service": "registry",
        "scope": "repository:team/lab:pull,push",
        **told,
    }
    wanted = ",".join(f'{key}="{value}"' for key, value in told.items())

    def answer(request: RequestHandler) -> None:
        if request.request.path == "/token":
            request.finish({"token": token})
        elif request.request.headers.get("Authorization") == "Bearer anybodys":
            open_registry(request)
        else:
            request.set_status(401)
            request.set_header("WWW-Authenticate", f"Bearer {wanted}")

    return answer


async def test_a_registry_that_wants_a_token_is_asked_for_one(live: Live) -> None:
    live.answer = with_tokens(live)
    assert (await verdict(container(live), image(live)))[0] is True
    assert live.asked == [
        "HEAD /v2/team/lab/manifests/1",
        "GET /token?service=registry&scope=repository%3Ateam%2Flab%3Apull%2Cpush",
        "HEAD /v2/team/lab/manifests/1",
    ]


async def test_an_image_that_anybodys_token_does_not_open_is_not_there(
    live: Live,
) -> None:
    live.answer = with_tokens(live, token="refused")
    assert (await verdict(container(live), image(live)))[0] is False


def logins(folder: Path, **by_registry: dict[str, str]) -> str:
    """A file as `docker login` writes it."""
    file = folder / "config.json"
    file.write_text(json.dumps({"auths": by_registry}))
    return str(file)


def basic(name: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


async def test_an_image_behind_a_real_registrys_login_is_found_and_pinned(
    start_registry: Start, tmp_path: Path
) -> None:
    real = await start_registry()
    digest = await real.push("team/lab", "1")
    file = logins(tmp_path, **{real.address: basic(USER, PASSWORD)})
    entry = {"name": "container", "registry": {real.address: real.url}, "pin": True}
    kind = parse_types([{**entry, "docker_config": file}])["container"]
    there = {"entrypoint": f"{real.address}/team/lab:1"}

    pinned = await kind.prepare(there, "alice")
    assert pinned["entrypoint"] == f"{real.address}/team/lab:1@{digest}"
    assert await verdict(kind, dict(pinned)) == (True, "The registry has it.")
    missing = {"entrypoint": f"{real.address}/team/lab:2"}
    assert (await verdict(kind, missing))[0] is False

    logins(tmp_path, **{real.address: basic(USER, "an-old-password")})
    with pytest.raises(PublicError, match="refuses this site's login"):
        await verdict(kind, there)
    nobody = parse_types([entry])["container"]
    with pytest.raises(PublicError, match="cannot be asked now"):
        await verdict(nobody, there)


@pytest.mark.parametrize(
    "login", [basic("ann", "pw"), {"username": "ann", "password": "pw"}], ids=list
)
async def test_a_login_gets_a_token_that_opens_more(
    live: Live, tmp_path: Path, login: dict[str, str]
) -> None:
    file = logins(tmp_path, **{f"127.0.0.1:{live.port}": login})
    logged_in: list[str | None] = []
    answer = with_tokens(live)

    def remembering(request: RequestHandler) -> Awaitable[None] | None:
        if request.request.path == "/token":
            logged_in.append(request.request.headers.get("Authorization"))
        return answer(request)

    live.answer = remembering
    kind = container(live, docker_config=file)
    assert (await verdict(kind, image(live)))[0] is True
    # Another registry's login is nobody's to see.
    assert (await verdict(kind, {"entrypoint": "team/lab:1"}))[0] is True
    assert logged_in == [f"Basic {basic('ann', 'pw')['auth']}", None]


async def test_a_login_that_gets_no_token_is_the_administrators(
    live: Live, tmp_path: Path
) -> None:
    file = logins(tmp_path, **{f"127.0.0.1:{live.port}": basic("ann", "pw")})
    answer = with_tokens(live)

    def refusing(request: RequestHandler) -> Awaitable[None] | None:
        if request.request.path != "/token":
            return answer(request)
        request.set_status(401)
        return None

    live.answer = refusing
    with pytest.raises(PublicError, match="refuses this site's login"):
        await verdict(container(live, docker_config=file), image(live))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "auths",
        "{}",
        '{"auths": []}',
        '{"auths": {"https://index.docker.io/v1/": {"auth": "s3cret!"}}}',
        '{"auths": {"https://index.docker.io/v1/": {"auth": 7}}}',
        '{"auths": {"https://index.docker.io/v1/": "s3cret!"}}',
    ],
)
def test_a_file_without_logins_is_refused_and_not_shown(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "config.json"
    if text is not None:
        file.write_text(text)
    entry = {"name": "container", "registry": {"": "https://images.example.org"}}
    with pytest.raises(SettingError, match="container: docker_config") as refused:
        parse_types([{**entry, "docker_config": str(file)}])
    assert "s3cret" not in str(refused.value)


async def test_a_file_of_logins_that_goes_away_is_an_outage(
    live: Live, tmp_path: Path
) -> None:
    file = logins(tmp_path)
    kind = container(live, docker_config=file)
    (tmp_path / "config.json").unlink()
    with pytest.raises(PublicError, match="cannot be asked now"):
        await verdict(kind, image(live))


async def test_an_image_of_one_word_is_an_official_one_of_dockers(live: Live) -> None:
    live.answer = open_registry
    await verdict(container(live), {"entrypoint": "ubuntu"})
    assert live.asked == ["HEAD /v2/library/ubuntu/manifests/latest"]


async def sleep(request: RequestHandler) -> None:
    await asyncio.sleep(5)


async def drip(request: RequestHandler) -> None:
    """Always a little more, and never the end."""
    for _ in range(50):
        request.write(" ")
        await request.flush()
        await asyncio.sleep(0.1)


def status(code: int) -> Answer:
    return lambda request: request.set_status(code)


def text(body: str) -> Answer:
    return lambda request: request.write(body)


@pytest.mark.parametrize(
    "answer", [sleep, status(500), status(301), status(401)], ids=lambda a: a.__name__
)
async def test_a_registry_that_is_unwell_is_not_waited_for(
    live: Live, answer: Answer
) -> None:
    live.answer = answer
    with pytest.raises(PublicError, match="cannot be asked now") as caught:
        await verdict(container(live), image(live))
    assert caught.value.status == 503


async def test_an_outage_of_the_registry_breaks_nobodys_selection(live: Live) -> None:
    systems = {"cori": System("cori", "Cori")}
    store = cast("EntrypointStore", None)  # a check does not touch it
    limits: dict[str, Any] = {"ttl": 60, "concurrency": 1, "timeout": 5}
    checker = Checker(store, BaseValidator(), systems, **limits)

    live.answer = status(502)
    seen = await checker.check(container(live), image(live), "alice", "cori")
    assert (seen.result, "cannot be asked" in seen.message) == (None, True)

    live.answer = status(404)
    seen = await checker.check(container(live), image(live), "bob", "cori")
    assert seen.result is False


@pytest.mark.parametrize(
    "told",
    [
        {"realm": "file:///etc/passwd"},
        {"realm": ""},
        {"token": ""},
        {"token": ["list"]},
        {"token": "né"},
    ],
    ids=str,
)
async def test_a_challenge_that_leads_nowhere_is_an_outage(
    live: Live, told: dict[str, Any]
) -> None:
    live.answer = with_tokens(live, **told)
    with pytest.raises(PublicError, match="cannot be asked now"):
        await verdict(container(live), image(live))


async def test_nothing_is_pinned_to_what_is_no_digest(live: Live) -> None:
    live.answer = lambda request: request.set_header("Docker-Content-Digest", "x --y")
    with pytest.raises(PublicError, match="does not tell"):
        await container(live, pin=True).prepare(image(live), "alice")


def shifter(live: Live, **settings: Any) -> EntrypointType:
    service = f"{live.url}/{{system}}/{{user}}"
    entry = {"name": "shifter", "image_service": service, "patience": 0.5, **settings}
    return parse_types([entry])["shifter"]


async def test_an_image_service_is_asked_once_a_while_for_each_user(live: Live) -> None:
    kind = shifter(live, image_service_token="secret")
    seen = []

    def answer(request: RequestHandler) -> None:
        seen.append(request.request.headers["Authorization"])
        request.write({"images": ["docker:a/b:1", {"name": "c"}, "--volume=/", None]})

    live.answer = answer
    for _ in range(2):
        options = await kind.options("a b", "cori")
        assert [option.value for option in options] == ["docker:a/b:1", "c"]
    assert (live.asked, seen) == (["GET /cori/a%20b"], ["token secret"])
    assert (await verdict(kind, {"entrypoint": "c"}))[0] is True
    assert (await verdict(kind, {"entrypoint": "d"}))[0] is False


@pytest.mark.parametrize(
    "answer",
    [sleep, drip, status(500), status(404), text("<html>"), text('{"a"')],
    ids=["sleep", "drip", "500", "404", "html", "half"],
)
async def test_an_image_service_that_is_unwell_is_an_outage_and_asked_again(
    live: Live, answer: Answer
) -> None:
    kind, live.answer = shifter(live), answer
    with pytest.raises(PublicError, match="cannot be had now") as caught:
        await kind.options("alice", "cori")
    assert caught.value.status == 503
    live.answer = text('["mended"]')
    assert [one.value for one in await kind.options("alice", "cori")] == ["mended"]


@pytest.mark.parametrize("body", ["7", "null", '"x"', '{"items": 5}', "[[]]"])
async def test_an_answer_that_is_no_list_has_no_images(live: Live, body: str) -> None:
    live.answer = text(body)
    assert await shifter(live).options("alice", "cori") == []
