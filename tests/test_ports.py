from __future__ import annotations

import subprocess
import sys

import pytest

from jupyterhub_suite.ports import LOOPBACK, first_ephemeral, free_port

LISTEN = "import socket, sys; socket.create_server((sys.argv[1], int(sys.argv[2])))"
DRAW_WITHOUT_LUCK = """
import random
random.SystemRandom = lambda: random.Random(7)
from jupyterhub_suite.ports import free_port
print(free_port())
"""


def python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_they_differ_and_are_none_that_the_kernel_picks() -> None:
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == 100
    assert max(ports) < first_ephemeral()


@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0"])
def test_a_server_can_listen(address: str) -> None:
    python(LISTEN, address, str(free_port()))


def test_processes_get_different_ones() -> None:
    assert python(DRAW_WITHOUT_LUCK) != python(DRAW_WITHOUT_LUCK)
