"""The documents keep their word: settings, commands and snippets."""

from __future__ import annotations

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
from jupyterhub_suite.cli import COMMANDS
from jupyterhub_suite.registry import SERVICES
from tests.harness.fixtures import StartHub, both_hubs
from tests.harness.hub import ROOT
from tests.harness.ports import free_port

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
PAGES += sorted(ROOT.glob("example/**/*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


def snippets(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for found, text in FENCE.findall(page.read_text()):
            if found == language:
                yield f"{page.relative_to(ROOT)}", text


def named(text: str) -> str:
    """A snippet says in its first line which file it is."""
    return text.partition("\n")[0].removeprefix("#").strip()


def commands() -> Iterator[tuple[str, str]]:
    for page, text in snippets("sh"):
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                yield page, line.partition("  #")[0].strip()


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


@pytest.mark.parametrize(("page", "text"), snippets("python"))
def test_a_snippet_of_python_is_python(page: str, text: str) -> None:
    compile(text, page, "exec")


def is_configuration(text: str) -> bool:
    return any(re.match(r"c( = get_config|\.\w)", line) for line in text.splitlines())


@pytest.mark.parametrize(
    ("page", "text"), [s for s in snippets("python") if is_configuration(s[1])]
)
def test_a_hubs_configuration_loads(
    page: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("jupyterhub_config.py").write_text(text)
    assert PyFileConfigLoader("jupyterhub_config.py").load_config()


@pytest.mark.parametrize(
    ("page", "line"), commands(), ids=lambda value: value if " " in value else ""
)
def test_a_documented_command_runs(page: str, line: str, tmp_path: Path) -> None:
    words = [word for word in shlex.split(line) if "=" not in word or "[" in word]
    program, *rest = words
    if program == "make":
        target = rest[0] if rest else "help"
        subprocess.run(
            ["make", "-n", target], cwd=ROOT, check=True, capture_output=True
        )
    elif program == "pip":
        check_requirements(rest)
    elif program in ("jupyterhub-suite", "python"):
        run_ours(program, rest, tmp_path)
    else:
        assert program in ("git", "cd", "docker", "jupyterhub", "export"), line


def check_requirements(words: list[str]) -> None:
    extras = set(metadata("jupyterhub-suite").get_all("Provides-Extra") or [])
    for extra in re.findall(r"jupyterhub-suite\[([\w,]+)\]", " ".join(words)):
        assert set(extra.split(",")) <= extras, extra


def run_ours(program: str, words: list[str], folder: Path) -> None:
    """Run it; a service would serve for ever, so it is asked for its settings."""
    command = [str(Path(sys.executable).with_name(program)), *words]
    if set(words) & set(SERVICES) or any("services." in word for word in words):
        command.append("--generate-config")
    ended = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    # The doctor finds no Hub here, which is a failure that it is asked to find.
    assert ended.returncode == 0 or "doctor" in words, ended.stderr
    assert "no command" not in ended.stderr
    assert words[0] in (*COMMANDS, *SERVICES, "-m", "--help")


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
