"""The five-line service under a real Hub, held against all that the base promises."""

from __future__ import annotations

import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from jupyterhub_suite.ports import free_port
from tests.harness.hub import RealHub, Session
from tests.harness.parts import need
from tests.harness.processes import Process

ROOT = Path(__file__).parents[2]
MODULE = "tests.services.five_lines"


def hub_settings(
    port: int, python: str | Path = sys.executable, **service: object
) -> dict[str, dict[str, object]]:
    hello = {
        "name": "hello",
        "url": f"http://127.0.0.1:{port}",
        "command": [str(python), "-m", MODULE],
        "environment": {"PYTHONPATH": str(ROOT)},
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": ["custom:hello:paint", "admin-ui"],
        **service,
    }
    roles = [
        {"name": "user", "scopes": ["self", "access:services!service=hello"]},
        {"name": "stranger", "scopes": ["self"]},
        {"name": "painters", "scopes": ["custom:hello:paint"], "users": ["painter"]},
    ]
    custom = {"custom:hello:paint": {"description": "Paint the hello page"}}
    return {
        "JupyterHub": {
            "services": [hello],
            "load_roles": roles,
            "custom_scopes": custom,
        }
    }


@pytest.fixture(scope="module", params=["6", "5"])
async def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RealHub]:
    """JupyterHub 6 or 5, and the service in the same environment."""
    python = Path(sys.executable)
    if request.param == "5":
        python = need("hub5").with_name("python")
    folder = tmp_path_factory.mktemp("hello-hub")
    settings = hub_settings(free_port(), python)
    async with RealHub(folder, settings=settings, python=python) as hub:
        yield hub


@pytest.fixture
async def alice(hub: RealHub) -> Session:
    return await hub.login("alice")


@pytest.fixture
async def token(hub: RealHub) -> str:
    return await new_token(hub, "alice")


async def new_token(hub: RealHub, name: str, **options: object) -> str:
    if (await hub.request("GET", f"/users/{name}")).status_code == 404:
        await hub.api("POST", f"/users/{name}")
    return (await hub.api("POST", f"/users/{name}/tokens", json=options))["token"]


async def ask(
    hub: RealHub, method: str, path: str, token: str = "", **options: object
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{hub.url}services/hello/{path}"
    return await hub.client().request(method, url, headers=headers, **options)  # type: ignore[arg-type]


def error(response: httpx.Response) -> dict[str, object]:
    return response.json()["error"]


async def test_a_visitor_is_logged_in_through_the_hub(alice: Session) -> None:
    page = await alice.get("/services/hello/")
    assert page.status_code == 200
    assert "Hello alice" in page.text


async def test_the_address_without_a_slash_leads_to_the_page(alice: Session) -> None:
    assert (await alice.get("/services/hello")).url.path == "/services/hello/"


async def test_a_page_says_who_may_load_and_frame_what(alice: Session) -> None:
    page = await alice.get("/services/hello/")
    policy = page.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.text.count(f'<script nonce="{nonce}"') == page.text.count("<script") - (
        page.text.count("<script src=")
    )


async def test_each_page_has_a_nonce_of_its_own(alice: Session) -> None:
    first, second = [await alice.get("/services/hello/") for _ in range(2)]
    policies = {page.headers["Content-Security-Policy"] for page in (first, second)}
    assert len(policies) == 2


async def test_a_token_in_the_header_is_enough(hub: RealHub, token: str) -> None:
    answer = await ask(hub, "POST", "echo", token, json={"name": "x"})
    assert (answer.status_code, answer.json()) == (201, {"name": "x"})


async def test_without_a_login_the_api_answers_401(hub: RealHub) -> None:
    answer = await ask(hub, "POST", "echo", json={"name": "x"})
    assert answer.status_code == 401
    assert error(answer)["status"] == 401


async def test_a_wrong_token_answers_401(hub: RealHub) -> None:
    assert (await ask(hub, "POST", "echo", "nonsense")).status_code == 401


async def test_a_token_without_the_scope_is_told_which(hub: RealHub) -> None:
    token = await new_token(hub, "alice", scopes=["read:users:name!user"])
    answer = await ask(hub, "POST", "echo", token, json={"name": "x"})
    assert answer.status_code == 403
    assert error(answer)["scope"] == (
        "access:services or access:services!service=hello"
    )


async def test_a_scope_of_our_own_opens_what_it_is_for(hub: RealHub) -> None:
    for name, status in [("alice", 403), ("painter", 200), ("admin", 200)]:
        session = await hub.login(name)
        await session.get("/services/hello/")
        assert (await session.get("/services/hello/restricted")).status_code == status


async def test_a_change_by_cookie_needs_the_xsrf_token(alice: Session) -> None:
    await alice.get("/services/hello/")
    refused = await alice.post(
        "/services/hello/echo", json={"name": "x"}, headers={"X-XSRFToken": "forged"}
    )
    assert refused.status_code == 403
    assert "XSRF" in str(error(refused)["message"])
    assert (
        await alice.post("/services/hello/echo", json={"name": "x"})
    ).status_code == 201


async def test_a_wrong_token_beside_a_cookie_does_not_replace_the_xsrf_token(
    alice: Session,
) -> None:
    await alice.get("/services/hello/")
    headers = {"Authorization": "token nonsense", "X-XSRFToken": "forged"}
    refused = await alice.post(
        "/services/hello/echo", json={"name": "x"}, headers=headers
    )
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("body", "field", "part"),
    [
        (b"{", None, "line 1, column 2"),
        (b'{"name": NaN}', None, "NaN"),
        (b"\xff", None, "UTF-8"),
        (b"[" * 100_000, None, "deep"),
        (b"{}", "name", "required"),
        (b'{"name": 3}', "name", "string"),
        (b'{"name": "x", "systems": [1]}', "systems.0", "string"),
        (b'{"name": "x", "extra": 1}', "extra", "extra"),
        (b"3", "", "object"),
    ],
)
async def test_a_body_that_does_not_fit_is_told_where(
    hub: RealHub, token: str, body: bytes, field: str | None, part: str
) -> None:
    answer = await ask(hub, "POST", "echo", token, content=body)
    assert answer.status_code == 400
    assert error(answer).get("field") == field
    assert part in str(error(answer)["message"])


async def test_a_body_over_the_limit_is_refused_with_413(
    hub: RealHub, token: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    for content in (b"x" * 2_000_000, chunks()):
        answer = await ask(hub, "POST", "echo", token, content=content)
        assert answer.status_code == 413
        assert error(answer)["limit"] == 1024 * 1024


async def test_a_fault_of_ours_tells_nothing_of_its_inside(hub: RealHub) -> None:
    answer = await ask(hub, "GET", "fault")
    assert answer.status_code == 500
    assert error(answer) == {"status": 500, "message": "Internal Server Error"}
    assert "a detail that is nobody's business" in hub.log


async def test_what_is_not_there_is_a_404_in_the_askers_form(
    hub: RealHub, alice: Session
) -> None:
    assert error(await ask(hub, "GET", "nowhere"))["status"] == 404
    page = await alice.get("/services/hello/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "jupyterhub-logo" in page.text


async def test_the_service_calls_the_hub_as_itself(hub: RealHub, token: str) -> None:
    assert (await ask(hub, "GET", "us", token)).json() == "hello"


async def test_health_is_open_and_names_what_is_unwell(hub: RealHub) -> None:
    answer = await ask(hub, "GET", "health")
    assert (answer.status_code, answer.json()["status"]) == (200, "well")


async def test_metrics_are_for_those_who_may_read_metrics(
    hub: RealHub, token: str
) -> None:
    assert (await ask(hub, "GET", "metrics")).status_code == 401
    assert (await ask(hub, "GET", "metrics", token)).status_code == 403
    answer = await ask(hub, "GET", "metrics", hub.token)
    assert answer.status_code == 200
    assert 'jupyterhub_suite_requests_total{handler="Metrics"' in answer.text


async def test_no_secret_reaches_the_log(hub: RealHub, alice: Session) -> None:
    secret = await new_token(hub, "alice")
    await ask(hub, "GET", f"us?token={secret}", secret)
    await alice.get("/services/hello/")
    assert secret not in hub.log
    service_lines = [line for line in hub.log.splitlines() if "tornado.access" in line]
    assert service_lines
    assert not [line for line in service_lines if "?" in line]


# On its own, without a Hub that manages it.


@pytest.fixture
async def external(hub: RealHub, tmp_path: Path) -> AsyncIterator[Process]:
    """The service as an operator starts it, with what the Hub would have told it."""
    process = external_service(hub, tmp_path, f"http://127.0.0.1:{free_port()}")
    await process.start()
    await process.says("is ready at")
    yield process
    await process.close()


def external_service(
    hub: RealHub, folder: Path, url: str, *arguments: str, **env: str
) -> Process:
    return Process(
        "hello",
        [sys.executable, "-m", MODULE, f"--url={url}", *arguments],
        folder,
        env={
            "PYTHONPATH": str(ROOT),
            "JUPYTERHUB_API_URL": hub.api_url,
            "JUPYTERHUB_API_TOKEN": hub.token,
            **env,
        },
    )


def url_of(process: Process) -> str:
    return next(word[6:] for word in process.argv if word.startswith("--url="))


async def test_sigterm_finishes_the_request_in_flight(external: Process) -> None:
    answers: list[httpx.Response] = []

    async def ask_slowly() -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            answers.append(await client.get(f"{url_of(external)}/services/hello/slow"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_slowly)
        await external.says("a slow request has begun")
        external.send_signal(signal.SIGTERM)
    assert answers[0].json() == "done"
    assert await external.wait() == 0


async def test_a_unix_socket_serves_too(hub: RealHub, tmp_path: Path) -> None:
    path = tmp_path / "s"
    url = f"http+unix://{str(path).replace('/', '%2F')}"
    process = external_service(hub, tmp_path, url)
    await process.start()
    try:
        await process.says("is ready at")
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get("http://socket/services/hello/health")
        assert answer.json() == {"status": "well", "unwell": {}}
        assert path.stat().st_mode & 0o077 == 0
    finally:
        await process.close()


async def test_a_busy_port_is_named(
    hub: RealHub, external: Process, tmp_path: Path
) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    second = external_service(hub, folder, url_of(external))
    await second.start()
    assert await second.wait() == 1
    assert url_of(external).rpartition(":")[2] in second.log
    assert "Traceback" not in second.log


async def test_health_answers_503_while_the_hub_is_away(
    hub: RealHub, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    nowhere = f"http://127.0.0.1:{free_port()}/hub/api"
    process = external_service(hub, tmp_path, url, JUPYTERHUB_API_URL=nowhere)
    await process.start()
    try:
        await process.says("is ready at")
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{url}/services/hello/health")
            page = await client.get(
                f"{url}/services/hello/us", headers={"Authorization": "token x"}
            )
        assert answer.status_code == 503
        assert list(answer.json()["unwell"]) == ["hub"]
        assert page.status_code == 503
    finally:
        await process.close()


async def test_internal_ssl_is_mutual(tmp_path: Path) -> None:
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    settings = hub_settings(port, url=url)
    mend = "from jupyterhub_suite.internal_ssl import *; mend_service_check()"
    async with RealHub(tmp_path, mend, settings, internal_ssl=True) as hub:
        token = await new_token(hub, "alice")
        url += "/services/hello/us"
        headers = {"Authorization": f"token {token}"}
        trusted = hub.internal_tls()
        async with httpx.AsyncClient(verify=trusted) as client:
            assert (await client.get(url, headers=headers)).json() == "hello"
        ca = tmp_path / "internal-ssl" / "hub-ca_trust.crt"
        stranger = ssl.create_default_context(cafile=str(ca))
        async with httpx.AsyncClient(verify=stranger) as client:
            # Which of the two it is depends on who is faster.
            with pytest.raises((httpx.TransportError, ssl.SSLError)):
                await client.get(url, headers=headers)


async def test_settings_come_from_the_hubs_configuration(tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "PYTHONPATH": str(ROOT),
        "JUPYTERHUB_SUITE_SETTINGS": json.dumps({"authenticate_prometheus": False}),
    }
    async with RealHub(
        tmp_path, settings=hub_settings(port, environment=environment)
    ) as hub:
        assert (await ask(hub, "GET", "metrics")).status_code == 200
