"""Tests that share what there can be only one of stay on one worker of pytest-xdist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(8))
@pytest.mark.xdist_group("only one")
def test_one(number):
    with open("workers", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_a_group_of_tests_stays_together(tmp_path: Path) -> None:
    tmp_path.joinpath("test_one.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-n2", "--dist=loadgroup"]
    subprocess.run([*command, "--rootdir=."], cwd=tmp_path, check=True)
    workers = tmp_path.joinpath("workers").read_text().split()
    assert len(workers) == 8
    assert len(set(workers)) == 1
