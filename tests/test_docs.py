"""The documents keep their word: settings, commands and snippets."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path

import httpx
import pytest
from traitlets.config.loader import PyFileConfigLoader

from jupyterhub_suite import settings_page
from jupyterhub_suite.ports import free_port
from jupyterhub_suite.registry import SERVICES
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
PAGES += sorted(ROOT.glob("example/**/*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What configuration of ours reads from the environment.
VARIABLES = ["TRAEFIK_API_PASSWORD", "ROUTES_TOKEN", "ENTRYPOINT_API_TOKEN"]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


def snippets(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for found, text in FENCE.findall(page.read_text()):
            if found == language:
                yield f"{page.relative_to(ROOT)}", text


def named(text: str) -> str:
    """A snippet says in its first line which file it is."""
    return text.partition("\n")[0].removeprefix("#").strip()


def commands() -> Iterator[tuple[str, str, str]]:
    """A page's commands, each with the Hub's configuration that stands before it."""
    for page in PAGES:
        configuration = ""
        for language, text in FENCE.findall(page.read_text()):
            if language == "python" and is_configuration(text):
                configuration = text
            for line in text.splitlines() if language == "sh" else ():
                if line.strip() and not line.startswith("#"):
                    yield f"{page.relative_to(ROOT)}", line.strip(), configuration


def is_configuration(text: str) -> bool:
    return any(re.match(r"c( = get_config|\.\w)", line) for line in text.splitlines())


def test_the_settings_page_is_made_from_the_traits() -> None:
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written == "".join(settings_page.page()), "run: make settings"


def test_every_setting_has_its_help() -> None:
    for cls in settings_page.documented_classes():
        for name, trait in settings_page.own_settings(cls).items():
            assert trait.help.strip(), f"{cls.__name__}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("page", "text"), [*snippets("python")])
def test_a_snippet_of_python_is_python(page: str, text: str) -> None:
    compile(text, page, "exec")


@pytest.mark.parametrize(
    ("page", "text"), [s for s in snippets("python") if is_configuration(s[1])]
)
def test_a_hubs_configuration_loads(
    page: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "a-secret-of-somebody")
    Path("jupyterhub_config.py").write_text(text)
    assert PyFileConfigLoader("jupyterhub_config.py").load_config()


@pytest.mark.parametrize(
    ("page", "line", "configuration"),
    [*commands()],
    ids=lambda value: value if "\n" not in value else "",
)
def test_a_documented_command_runs(
    page: str, line: str, configuration: str, tmp_path: Path
) -> None:
    words = [word for word in shlex.split(line, comments=True) if "=" not in word]
    program, *rest = words
    if program == "make":
        target = rest[0] if rest else "help"
        subprocess.run(
            ["make", "-n", target], cwd=ROOT, check=True, capture_output=True
        )
    elif program == "pip":
        check_requirements(shlex.split(line))
    elif program in ("jupyterhub-suite", "python", "pytest"):
        (tmp_path / "jupyterhub_config.py").write_text(configuration)
        run_ours(line, rest, tmp_path)
    else:
        assert program in ("git", "cd", "docker", "jupyterhub", "export", "traefik")


def check_requirements(words: list[str]) -> None:
    extras = set(metadata("jupyterhub-suite").get_all("Provides-Extra") or [])
    for extra in re.findall(r"jupyterhub-suite\[([\w,]+)\]", " ".join(words)):
        assert set(extra.split(",")) <= extras, extra


def run_ours(line: str, words: list[str], folder: Path) -> None:
    """Run it; a service would serve for ever, so it is asked for its settings."""
    serves = set(words) & set(SERVICES) or any("services." in word for word in words)
    if serves and not set(words) & {"--once", "upgrade-db", "--generate-config"}:
        line += " --generate-config"
    if "pytest" in line or "benchmarks/" in line:
        line += " --help"
    ended = subprocess.run(
        ["sh", "-c", line.replace("benchmarks/", f"{ROOT}/benchmarks/")],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **dict.fromkeys(VARIABLES, "a-secret-of-somebody"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    # There is no Hub here, and these are asked to find that out.
    asks_hub = {"doctor", "routes", "--once"} & set(words)
    assert ended.returncode == 0 or asks_hub, ended.stderr
    assert "usage:" not in ended.stderr, ended.stderr


@both_hubs
async def test_the_service_of_the_contributors_page_runs(
    start_hub: StartHub, tmp_path: Path
) -> None:
    [clock] = [text for _, text in snippets("python") if named(text) == "clock.py"]
    [by_hand] = [
        text
        for page, text in snippets("python")
        if page.endswith("configure.md") and '"clock"' in text
    ]
    folder = tmp_path / "hub-1"
    folder.mkdir()
    (folder / "clock.py").write_text(clock)
    by_hand = by_hand.replace("10101", str(free_port())).replace(
        'c.JupyterHub.proxy_class = "traefik_file"\n', ""
    )
    hub = await start_hub(by_hand)
    alice = await hub.login("alice")
    token = (await hub.api("POST", "/users/alice/tokens"))["token"]
    url = f"{hub.url}services/clock/now"
    headers = {"Authorization": f"token {token}"}
    answer: httpx.Response = await hub.client().get(url, headers=headers)
    assert answer.json()["now"].endswith("+00:00")
    assert (await hub.client().get(url)).status_code == 401
    assert alice.name == "alice"
