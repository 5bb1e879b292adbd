"""Free ports on loopback."""

from __future__ import annotations

import random
import socket
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000

# Seeded by the system, so that parallel workers draw different ports.
_random = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that was not given out before.

    Not one that the kernel picks: those also serve outgoing connections, any of
    which may take the port before the server that it was meant for has started.
    """
    while True:
        port = _random.randrange(LOWEST, _first_ephemeral())
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _first_ephemeral() -> int:
    try:
        return max(int(EPHEMERAL.read_text().split()[0]), LOWEST + 10_000)
    except OSError:
        return 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
