"""What the Hub makes of the service's answer, on real spawner classes.

The service here is a small stand-in that answers what a test tells it to; the
real one is held to the same answers in tests/services/entrypoint.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from batchspawner import SlurmSpawner
from dockerspawner import DockerSpawner
from jupyterhub.spawner import LocalProcessSpawner, Spawner
from kubespawner import KubeSpawner
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from traitlets.config import Config
from wrapspawner import ProfilesSpawner, WrapSpawner

from jupyterhub_suite.hub.spawners import (
    EntrypointHook,
    EntrypointSpawnerMixin,
    form,
    pre_spawn_hook,
)
from jupyterhub_suite.hub.spawners.errors import (
    EntrypointRefused,
    EntrypointUnavailable,
)
from jupyterhub_suite.hub.spawners.traits import kind_of

TOKEN = "between the hub and the service"
ANSWER: dict[str, Any] = {"id": "1", "name": "mine", "type": "script", "check": None}


class StandIn:
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = {}
        self.delay = 0.0
        self.asked: list[dict[str, Any]] = []
        socket, self.port = bind_unused_port()
        self.server = HTTPServer(Application([(".*", Answering, {"told": self})]))
        self.server.add_sockets([socket])

    def sets(self, **settings: Any) -> None:
        self.answer = {**ANSWER, "settings": settings}

    def refuses(self, status: int, message: str) -> None:
        self.status, self.answer = status, {"error": {"message": message}}


class Answering(RequestHandler):
    def initialize(self, told: StandIn) -> None:
        self.told = told

    async def get(self) -> None:
        query = {key: self.get_query_arguments(key) for key in self.request.arguments}
        self.told.asked.append(
            {
                "path": self.request.path,
                "token": self.request.headers.get("Authorization"),
                **query,
            }
        )
        await asyncio.sleep(self.told.delay)
        self.set_status(self.told.status)
        self.finish(json.dumps(self.told.answer))


@pytest.fixture
async def service() -> AsyncIterator[StandIn]:
    told = StandIn()
    yield told
    told.server.stop()
    await told.server.close_all_connections()


def user(name: str = "o'brien/x", groups: tuple[str, ...] = ("science",)) -> Any:
    return SimpleNamespace(
        name=name,
        escaped_name="o-27brien",
        id=1,
        url="/user/x/",
        settings={},
        groups=[SimpleNamespace(name=group) for group in groups],
    )


def make(cls: type[Spawner], service: StandIn, **hook: Any) -> Any:
    config = Config()
    config.EntrypointHook = Config(
        url=f"http://127.0.0.1:{service.port}/services/entrypoint",
        token=TOKEN,
        system="cori",
        **hook,
    )
    spawner = cls(
        config=config,
        user=user(),
        orm_spawner=SimpleNamespace(name="lab 1", server=None, state={}),
        hub=SimpleNamespace(
            base_url="/hub/", api_url="http://hub/hub/api", public_host="", port=1
        ),
        api_token="x",
    )
    spawner.user_options = {}
    return spawner


async def test_the_service_is_asked_for_this_user_server_and_spawner(
    service: StandIn,
) -> None:
    spawner = make(LocalProcessSpawner, service)
    await pre_spawn_hook(spawner)
    assert service.asked == [
        {
            "path": "/services/entrypoint/hub/users/o%27brien%2Fx/systems/cori",
            "token": f"token {TOKEN}",
            "server": ["lab 1"],
            "spawner": ["local"],
            "groups": ["told"],
            "group": ["science"],
        }
    ]
    assert spawner.cmd == ["jupyterhub-singleuser"], "nothing was selected"


async def test_a_local_server_gets_command_and_environment(service: StandIn) -> None:
    spawner = make(LocalProcessSpawner, service)
    spawner.environment = {"KEPT": "1"}
    service.sets(cmd=["/e/bin/lab"], environment={"CONDA_PREFIX": "/e"})
    await pre_spawn_hook(spawner)
    assert spawner.cmd == ["/e/bin/lab"]
    assert spawner.environment == {"KEPT": "1", "CONDA_PREFIX": "/e"}

    service.answer = {}
    await pre_spawn_hook(spawner)
    assert spawner.cmd == ["jupyterhub-singleuser"], "as it was before"
    assert spawner.environment == {"KEPT": "1"}


async def test_a_batch_job_runs_the_wrapper_and_the_command(service: StandIn) -> None:
    spawner = make(SlurmSpawner, service)
    service.sets(
        batchspawner_singleuser_cmd="'/a b/go' batchspawner-singleuser",
        cmd=["jupyterhub-singleuser"],
    )
    await pre_spawn_hook(spawner)
    assert service.asked[0]["spawner"] == ["batch"]
    assert spawner.cmd_formatted_for_batch().startswith(
        "'/a b/go' batchspawner-singleuser jupyterhub-singleuser"
    )


async def test_a_container_gets_its_image(service: StandIn) -> None:
    spawner = make(DockerSpawner, service)
    service.sets(image="quay.io/a/b:1")
    await pre_spawn_hook(spawner)
    assert service.asked[0]["spawner"] == ["docker"]
    assert spawner.image == "quay.io/a/b:1"


async def test_a_pod_gets_its_image(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is no cluster: what matters is the pod that it would ask for.
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    spawner = make(KubeSpawner, service)
    service.sets(image="quay.io/a/b@sha256:0", cmd=["/x"])
    await pre_spawn_hook(spawner)
    assert service.asked[0]["spawner"] == ["kubernetes"]
    pod = await spawner.get_pod_manifest()
    assert pod.spec.containers[0].image == "quay.io/a/b@sha256:0"
    assert pod.spec.containers[0].args[0] == "/x"


@pytest.mark.parametrize("cls", [WrapSpawner, ProfilesSpawner])
async def test_the_child_of_a_wrapper_is_what_starts(
    service: StandIn, cls: type[Spawner]
) -> None:
    spawner = make(cls, service)
    service.sets(cmd=["/e/bin/lab"])
    await pre_spawn_hook(spawner)
    assert spawner.child_spawner.cmd == ["/e/bin/lab"]


@pytest.mark.parametrize(
    "settings",
    [
        {"args": ["--x"]},
        {"http_timeout": 1},
        {"user_options": {}},
        {"pre_spawn_hook": "x"},
        {"environment": {"LD_PRELOAD": "/x"}},
        {"environment": {"JUPYTERHUB_API_TOKEN": "x"}},
        {"image": "x"},  # a local process has no image
    ],
)
async def test_no_other_trait_is_ever_set(
    service: StandIn, settings: dict[str, Any]
) -> None:
    spawner = make(LocalProcessSpawner, service)
    service.sets(**settings)
    with pytest.raises(EntrypointRefused, match="cannot be started"):
        await pre_spawn_hook(spawner)


async def test_a_service_that_is_away_stops_the_start_with_a_message(
    service: StandIn,
) -> None:
    spawner = make(LocalProcessSpawner, service)
    service.refuses(500, "a detail")
    with pytest.raises(EntrypointUnavailable) as caught:
        await pre_spawn_hook(spawner)
    assert "did not answer" in caught.value.jupyterhub_message
    assert "/services/entrypoint/" in caught.value.jupyterhub_html_message
    assert TOKEN not in repr(caught.value)


async def test_or_the_default_starts_if_that_is_the_setting(service: StandIn) -> None:
    spawner = make(LocalProcessSpawner, service, unavailable="default", timeout=0.2)
    service.delay = 1
    warnings = await EntrypointHook(parent=spawner).apply()
    assert warnings == [
        "The entrypoint service did not answer: this is the default server."
    ]
    assert spawner.cmd == ["jupyterhub-singleuser"]


@pytest.mark.parametrize("status", [404, 409, 410])
async def test_a_refusal_is_never_a_reason_to_start_something_else(
    service: StandIn, status: int
) -> None:
    spawner = make(LocalProcessSpawner, service, unavailable="default")
    service.refuses(status, "It <b>was</b> removed.")
    with pytest.raises(EntrypointRefused) as caught:
        await pre_spawn_hook(spawner)
    assert caught.value.jupyterhub_message == "It <b>was</b> removed."
    assert "<b>" not in caught.value.jupyterhub_html_message


async def test_a_failed_check_refuses_or_warns(service: StandIn) -> None:
    failed = {"result": False, "message": "It is gone."}
    service.answer = {**ANSWER, "settings": {"cmd": ["/x"]}, "check": failed}
    with pytest.raises(EntrypointRefused, match="It is gone"):
        await pre_spawn_hook(make(LocalProcessSpawner, service))
    spawner = make(LocalProcessSpawner, service, broken="warn")
    warnings = await EntrypointHook(parent=spawner).apply()
    assert warnings == ["mine failed its check: It is gone."]
    assert spawner.cmd == ["/x"]


async def test_the_system_comes_from_the_form_the_name_or_the_setting(
    service: StandIn,
) -> None:
    async def of_user(spawner: Spawner) -> str:
        return "asked"

    spawner = make(LocalProcessSpawner, service, systems_by_server={"lab *": "named"})
    assert await EntrypointHook(parent=spawner).system_name() == "named"
    spawner.user_options = {"entrypoint_system": "chosen", "entrypoint": "7"}
    assert await EntrypointHook(parent=spawner).system_name() == "chosen"
    await pre_spawn_hook(spawner)
    assert service.asked[0]["id"] == ["7"]
    other = make(LocalProcessSpawner, service)
    other.config.EntrypointHook.system = of_user
    assert await EntrypointHook(parent=other).system_name() == "asked"


class Mixed(EntrypointSpawnerMixin, LocalProcessSpawner):
    pass


async def test_the_mixin_shows_warnings_while_the_server_starts(
    service: StandIn,
) -> None:
    spawner = make(Mixed, service)
    service.answer = {**ANSWER, "settings": {}, "deprecated": "Use the new one."}
    await spawner.run_pre_spawn_hook()
    spawner._spawn_pending = True
    first = await anext(spawner.progress())
    assert first["message"] == "mine is deprecated: Use the new one."


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "1", "name": name, "owner": "x", "groups": [], "checks": {}, **more}


def test_the_form_escapes_and_chooses_what_was_chosen_last() -> None:
    hostile = "</option><script>alert(1)</script>"
    system = {"name": "cori", "display_name": hostile}
    check = {"cori": {"result": False, "message": ""}}
    html = form.render(
        [(system, [item(hostile, checks=check), item("b", id="2")])], "cori 2", "/p"
    )
    assert "<script>" not in html
    assert "(fails its check)" in html
    assert '<option value="cori 2" selected>b</option>' in html


@pytest.mark.parametrize(
    ("sent", "options"),
    [
        ({"entrypoint": ["cori 1"]}, {"entrypoint_system": "cori", "entrypoint": "1"}),
        ({"entrypoint": [""]}, {}),
        ({"entrypoint": ["cori"]}, {}),
        ({}, {}),
    ],
)
def test_a_form_gives_an_id_or_nothing(
    sent: dict[str, list[str]], options: dict[str, str]
) -> None:
    assert form.read(sent) == options
    assert form.read({"entrypoint": [form.written(options)]}) == options


async def test_a_form_without_the_service_still_starts(service: StandIn) -> None:
    spawner = make(Mixed, service)
    spawner.entrypoint_form = True
    service.refuses(500, "x")
    assert "cannot be had now" in await spawner.get_options_form()
    assert await spawner.run_options_from_form({"entrypoint": ["cori 1"]}) == {
        "entrypoint_system": "cori",
        "entrypoint": "1",
    }


@pytest.mark.parametrize(
    ("cls", "kind"),
    [
        (LocalProcessSpawner, "local"),
        (SlurmSpawner, "batch"),
        (DockerSpawner, "docker"),
        (KubeSpawner, "kubernetes"),
    ],
)
def test_each_spawner_is_known_by_its_traits(cls: Any, kind: str) -> None:
    assert kind_of(cls.__new__(cls)) == kind
