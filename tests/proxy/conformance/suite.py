"""The suite as an operator runs it: from anywhere, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = "jupyterhub_suite.proxy.testing"


def run(
    folder: Path,
    *arguments: str,
    python: str | Path = sys.executable,
    timeout: float = 560,
) -> subprocess.CompletedProcess[str]:
    # A pytest.ini of its own, or this repository's settings would apply.
    (folder / "pytest.ini").write_text("[pytest]\n")
    # Operators do not have this plugin, and it takes a second to import.
    command = [python, "-m", "pytest", "-p", "no:schemathesis"]
    return subprocess.run(
        [*command, "-q", "--tb=short", "--pyargs", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )


def assert_conforms(
    folder: Path, *arguments: str, python: str | Path = sys.executable
) -> None:
    outcome = run(folder, SUITE, *arguments, python=python)
    assert outcome.returncode == 0, outcome.stdout
