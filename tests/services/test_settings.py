"""What an operator may write, where values come from, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyterhub_suite.services.registration import SETTINGS_VARIABLE
from jupyterhub_suite.services.settings import ServiceSettings
from tests.services.five_lines import Hello

HUB = {
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:1",
    "JUPYTERHUB_API_URL": "http://127.0.0.1:2/hub/api",
    "JUPYTERHUB_API_TOKEN": "secret",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in os.environ:
        if variable.startswith("JUPYTERHUB_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def initialized(*argv: str) -> Hello:
    app = Hello()
    app.initialize(list(argv))
    return app


def refusal(capfd: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line that the service ends with."""
    try:
        status = Hello.main(list(argv))
    except SystemExit as ended:  # traitlets' own way for a bad value
        status = int(ended.code or 0)
    said = capfd.readouterr().err
    assert status != 0
    assert "Traceback" not in said
    return said.strip().splitlines()[-1]


def test_what_is_missing_is_named_with_what_to_set(
    capfd: pytest.CaptureFixture[str],
) -> None:
    said = refusal(capfd)
    for variable in HUB:
        assert f"${variable}" in said


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--Hello.max_body_size=many"], "max_body_size"),
        (["--Hello.max_body_size=0"], "max_body_size"),
        (["--Hello.prefixx=/a"], "Did you mean prefix?"),
        (["--Hallo.prefix=/a"], "Did you mean Hello?"),
        (["--config=absent.py"], "absent.py"),
        (["dance"], "dance: there is no such command"),
    ],
)
def test_what_nobody_knows_is_refused_by_name(
    capfd: pytest.CaptureFixture[str], argv: list[str], part: str
) -> None:
    assert part in refusal(capfd, *argv)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("c.Hello.prefixx = 1", "c.Hello.prefixx"),
        ("c.Hello.grace_time = 'soon'", "grace_time"),
        ("c.Hello.grace_time = (", "line 1: SyntaxError"),
        ("\nimport absent", "line 2: ModuleNotFoundError"),
        ("\n\n1 / 0", "line 3: ZeroDivisionError"),
    ],
)
def test_a_wrong_line_of_a_configuration_file_is_named(
    capfd: pytest.CaptureFixture[str], text: str, part: str
) -> None:
    Path("hello_config.py").write_text(text)
    assert part in refusal(capfd)


def test_the_command_line_stands_above_the_file_above_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", "http://from-environment:1")
    assert initialized().bind_url == "http://from-environment:1"
    monkeypatch.setenv(SETTINGS_VARIABLE, json.dumps({"bind_url": "http://passed:1"}))
    assert initialized().bind_url == "http://passed:1"
    Path("hello_config.py").write_text("c.Hello.bind_url = 'http://from-file:1'")
    assert initialized().bind_url == "http://from-file:1"
    assert initialized("--url=http://line:1").bind_url == "http://line:1"


def test_the_environment_is_read_when_used_and_not_at_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/elsewhere/")
    monkeypatch.setenv("JUPYTERHUB_OAUTH_ACCESS_SCOPES", '["access:services"]')
    app = initialized()
    assert (app.prefix, app.access_scopes) == ("/elsewhere/", {"access:services"})
    assert app.auth.base_url == "/elsewhere/"


@pytest.mark.parametrize("text", ["{", "3", '"x"'])
def test_passed_on_settings_that_are_no_object_are_refused(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, text)
    assert SETTINGS_VARIABLE in refusal(capfd)


def test_an_external_service_knows_its_place_from_its_name() -> None:
    app = initialized("--Hello.base_url=/deep/")
    assert app.prefix == "/deep/services/hello/"
    assert app.oauth_client_id == "service-hello"
    assert app.oauth_callback_url == "/deep/services/hello/oauth_callback"
    assert app.access_scopes == {"access:services!service=hello"}
    assert app.hub_static_url("x.css") == "/deep/hub/static/x.css"


def test_the_generated_configuration_has_every_setting_and_loads(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert Hello.main(["--generate-config"]) == 0
    text = capfd.readouterr().out
    for name in ServiceSettings.class_own_traits(config=True):
        assert f"c.ServiceSettings.{name} = " in text
    uncommented = "\n".join(
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.startswith(("# c.Hello", "# c.ServiceSettings")) and "=" in line
    )
    Path("hello_config.py").write_text(uncommented)
    assert initialized().max_body_size == 1024 * 1024


def test_every_setting_has_its_help() -> None:
    for name, trait in ServiceSettings.class_traits(config=True).items():
        assert trait.help, name


def test_help_tells_what_the_service_is() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "tests.services.five_lines", "--help-all"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    assert "--generate-config" in shown
    assert "--ServiceSettings.max_body_size" in shown
