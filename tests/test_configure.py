"""`configure`: what it sets, what it leaves alone, and a real Hub that runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyterhub_suite import configure, registry
from jupyterhub_suite.configure import ConfigurationError
from jupyterhub_suite.services.registration import SETTINGS_VARIABLE, Registration
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import ROOT

REGISTRATION = Registration(
    name="hello",
    module="tests.services.five_lines",
    scopes=("list:users",),
    user_scopes=("access:services!service=hello",),
    admin_scopes=("custom:hello:paint",),
    custom_scopes={"custom:hello:paint": {"description": "Paint the page"}},
)


@pytest.fixture(autouse=True)
def hello(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SERVICES, "hello", "tests.test_configure")


def configured(c: Config | None = None, **options: Any) -> Config:
    c = c or Config()
    configure(c, services=["hello"], **options)
    return c


def service(c: Config) -> dict[str, Any]:
    [found] = [s for s in c.JupyterHub.services if s["name"] == "hello"]
    return found


def test_a_service_gets_its_command_url_role_and_scopes() -> None:
    c = configured()
    assert service(c)["url"].startswith("http://127.0.0.1:")
    assert service(c)["command"][1:] == ["-m", "tests.services.five_lines"]
    assert service(c)["oauth_client_allowed_scopes"] == [
        "admin-ui",
        "access:services!service=hello",
        "custom:hello:paint",
    ]
    roles = {role["name"]: role for role in c.JupyterHub.load_roles}
    assert roles["suite-hello"]["scopes"] == ["list:users"]
    assert roles["suite-hello"]["services"] == ["hello"]
    assert roles["user"]["scopes"] == ["self", "access:services!service=hello"]
    assert c.JupyterHub.custom_scopes == REGISTRATION.custom_scopes


def test_its_settings_travel_in_the_environment_and_not_on_the_command_line() -> None:
    c = configured(hello={"grace_time": 3, "url": "http://127.0.0.1:9"})
    passed = json.loads(service(c)["environment"][SETTINGS_VARIABLE])
    assert passed["grace_time"] == 3
    assert service(c)["url"] == "http://127.0.0.1:9"
    assert "grace_time" not in str(service(c)["command"])


def test_its_pages_follow_the_hubs_templates_and_menu() -> None:
    c = Config()
    c.JupyterHub.base_url = "/deep/"
    c.JupyterHub.template_paths = ["/site/templates"]
    passed = json.loads(service(configured(c))["environment"][SETTINGS_VARIABLE])
    assert passed["template_paths"] == ["/site/templates"]
    assert passed["menu"] == [{"name": "hello", "href": "/deep/services/hello/"}]


def test_twice_is_the_same_as_once() -> None:
    c = configured()
    once = json.dumps(c, sort_keys=True)
    assert json.dumps(configured(c), sort_keys=True) == once


def test_what_the_operator_set_stays() -> None:
    c = Config()
    c.JupyterHub.proxy_class = "theirs"
    c.JupyterHub.services.append({"name": "other"})
    c.JupyterHub.services.append({"name": "hello", "url": "http://theirs:1"})
    c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "theirs"]}]
    c.JupyterHub.custom_scopes = {"custom:hello:paint": {"description": "theirs"}}
    configured(c, proxy="file")
    assert c.JupyterHub.proxy_class == "theirs"
    assert [s["name"] for s in c.JupyterHub.services] == ["other", "hello"]
    assert service(c)["url"] == "http://theirs:1"
    assert c.JupyterHub.load_roles[0]["scopes"][:2] == ["self", "theirs"]
    assert c.JupyterHub.custom_scopes["custom:hello:paint"]["description"] == "theirs"


def test_users_are_kept_out_on_request() -> None:
    c = configured(open_to_users=False)
    assert [role["name"] for role in c.JupyterHub.load_roles] == ["suite-hello"]


def test_a_service_that_somebody_else_starts_has_no_command() -> None:
    c = configured(hello={"url": "http://elsewhere:1", "api_token": "secret"})
    assert "command" not in service(c)


def test_the_explanation_can_be_pasted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = configured(proxy="file", explain=True)
    text = capsys.readouterr().out
    Path("pasted.py").write_text(text)
    pasted = PyFileConfigLoader("pasted.py").load_config()
    assert pasted == first


def test_the_explanation_shows_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    configured(hello={"url": "http://x:1", "api_token": "hidden"}, explain=True)
    assert "hidden" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"proxy": "fiel"}, "did you mean 'file'?"),
        ({"services": ["helo"]}, "did you mean 'hello'?"),
        ({"services": ["hello"], "hallo": {}}, "did you mean 'hello'?"),
        ({"status": {}}, "there is no setting 'status'"),
    ],
)
def test_what_nobody_knows_is_refused_and_nothing_is_set(
    options: dict[str, Any], part: str
) -> None:
    c = Config()
    with pytest.raises(ConfigurationError) as refused:
        configure(c, **options)
    assert part in str(refused.value)
    assert c == Config()


@both_hubs
async def test_a_real_hub_runs_what_it_sets(start_hub: StartHub) -> None:
    text = f"""
sys.path.append({str(ROOT)!r})
from jupyterhub_suite import configure, registry
registry.SERVICES["hello"] = "tests.test_configure"
configure(c, services=["hello"], hello={{"environment": {{"PYTHONPATH": {str(ROOT)!r}}}}})
"""
    hub = await start_hub(text)
    alice = await hub.login("alice")
    page = await alice.get("/services/hello/")
    assert "Hello alice" in page.text
    assert "/services/hello/" in page.text.partition("dropdown-menu")[2]
    roles = (await hub.api("GET", "/services/hello"))["roles"]
    assert roles == ["suite-hello"]
