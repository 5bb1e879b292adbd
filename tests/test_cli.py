"""The command `jupyterhub-suite`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyterhub_suite import __version__, registry
from jupyterhub_suite.cli import COMMANDS, main


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in [*COMMANDS, *registry.SERVICES]:
        assert name in shown


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == main(["--version"]) == 0
    assert capsys.readouterr().out.split() == ["jupyterhub-suite", __version__] * 2


def test_an_unknown_command_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["dance"]) == 2
    assert "there is no command 'dance'" in capsys.readouterr().err


def test_it_is_installed_under_its_name() -> None:
    command = Path(sys.executable).with_name("jupyterhub-suite")
    shown = subprocess.run([command, "version"], capture_output=True, check=True)
    assert __version__ in shown.stdout.decode()


@pytest.mark.parametrize("name", registry.SERVICES)
def test_each_service_is_a_command(name: str) -> None:
    for command in (
        ["-m", registry.registration(name).module],
        ["-m", "jupyterhub_suite", name],
    ):
        shown = subprocess.run(
            [sys.executable, *command, "--generate-config"],
            capture_output=True,
            check=True,
        )
        assert b"c = get_config()" in shown.stdout
