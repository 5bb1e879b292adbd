"""Free ports on loopback."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000

# Seeded by the system, so that processes draw different ports.
_random = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that was not given out before.

    Not one that the kernel picks: those also serve outgoing connections, any of
    which may take the port before its server has started, or while it restarts.
    """
    while True:
        port = _random.randrange(LOWEST, first_ephemeral())
        if port not in _given and _reserve(port):
            _given.add(port)
            return port


def first_ephemeral() -> int:
    """Where the ports begin that the kernel picks."""
    try:
        return max(int(EPHEMERAL.read_text().split()[0]), LOWEST + 10_000)
    except OSError:
        return 32_768


def _reserve(port: int) -> bool:
    """Keep a free port from other processes that ask here; whether it was free.

    A connection that has ended lingers for a minute. Until then servers may listen,
    since they all say SO_REUSEADDR, but the bind below, without it, fails.
    """
    with socket.socket() as listener:
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.listen()
        with socket.create_connection((LOOPBACK, port)):
            # Whoever closes first is the one that lingers.
            listener.accept()[0].close()
    return True
