"""The suite itself: it runs as its docs say, and sees what is wrong with a proxy."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyterhub_suite.ports import LOOPBACK
from tests.proxy.conformance.control import CONFIG, need_chp
from tests.proxy.conformance.faulty import FAULTS
from tests.proxy.conformance.suite import SUITE, run

FAULTY = Path(__file__).with_name("faulty.py")


def test_it_asks_for_the_proxy(tmp_path: Path) -> None:
    outcome = run(tmp_path, SUITE)
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--proxy-class=my.Proxy" in outcome.stdout


def test_it_names_a_missing_configuration(tmp_path: Path) -> None:
    outcome = run(tmp_path, SUITE, "--proxy-config=nowhere.py")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--proxy-config=nowhere.py: there is no such file" in outcome.stdout


def test_it_names_a_known_difference_that_is_about_nothing(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        'c.Conformance.known_differences = {"test_that_is_not": "no reason"}'
    )
    outcome = run(tmp_path, SUITE, "--proxy-config=conf.py")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_that_is_not" in outcome.stdout


def test_a_difference_that_is_no_more_is_reported(tmp_path: Path) -> None:
    need_chp()
    (tmp_path / "conf.py").write_text(
        CONFIG.read_text().replace("__file__", repr(str(CONFIG)))
        + """
c.Conformance.known_differences = {"test_get_route_finds_one_route": "finds none"}
"""
    )
    only = "-k=test_get_route_finds_one_route"
    outcome = run(tmp_path, SUITE, "--proxy-config=conf.py", only)
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED
    assert "[XPASS(strict)] finds none" in outcome.stdout


def test_a_hub_that_gives_up_is_an_error_of_its_tests(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        config = tmp_path / "conf.py"
        config.write_text(
            "c.TraefikFileProviderProxy.traefik_api_url = "
            f"'http://{LOOPBACK}:{taken.getsockname()[1]}'"
        )
        outcome = run(
            tmp_path,
            SUITE,
            "--proxy-class=jupyterhub_suite.proxy.classes.TraefikFileProviderProxy",
            f"--proxy-config={config}",
            "-k=test_get_route_finds_one_route",
        )
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED, outcome.stdout
    assert "HubGaveUpError: the Hub ended itself; its log says why" in outcome.stdout
    assert "address already in use" in outcome.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_it_notices_a_proxy_that(fault: str, tmp_path: Path) -> None:
    need_chp()
    shutil.copy(FAULTY, tmp_path)
    only = FAULTS[fault].partition("[")[0]
    outcome = run(
        tmp_path,
        SUITE,
        f"--proxy-class=faulty.{fault}",
        f"--proxy-config={CONFIG}",
        f"-k={only}",
    )
    assert f"::{FAULTS[fault]}" in outcome.stdout, outcome.stdout
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED


def test_other_pytest_runs_load_no_more_than_its_options() -> None:
    load = "import sys, jupyterhub_suite.proxy.testing.plugin; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", load], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"jupyterhub", "tornado", "traitlets", "httpx", "sqlalchemy", "pytest"}
    assert heavy.isdisjoint(loaded)
