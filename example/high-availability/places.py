"""Where each part listens: as Compose names it, and on this machine.

The files here name parts as Compose does, so that one can read them and copy them out.
On one machine each place becomes a port of loopback, counted from PORT.
"""

from __future__ import annotations

import re

OFFSETS = {
    "balancer:8000": 0,
    "prometheus:9090": 1,
    "balancer:8404": 2,
    "hub:8081": 3,
    "postgres:5432": 4,
    "balancer:10101": 5,
    "balancer:10102": 6,
    "etcd-1:2379": 11,
    "etcd-2:2379": 12,
    "etcd-3:2379": 13,
    "etcd-1:2380": 14,
    "etcd-2:2380": 15,
    "etcd-3:2380": 16,
    "traefik-1:8000": 21,
    "traefik-2:8000": 22,
    "traefik-1:8099": 23,
    "traefik-2:8099": 24,
    "entrypoint-1:10101": 31,
    "entrypoint-2:10101": 32,
    "status-1:10102": 33,
    "status-2:10102": 34,
}
HIGHEST_OFFSET = max(OFFSETS.values())
# Who it is that listens everywhere.
EVERYWHERE = {
    "8000": "balancer",
    "8081": "hub",
    "8404": "balancer",
    "10101": "balancer",
    "10102": "balancer",
}
# A place, and where the balancer looks how it is.
PLACE = re.compile(
    r"(?<![\w-])([a-z][a-z0-9-]*|0\.0\.0\.0):(\d+)(?: check port (\d+))?"
)


class Places:
    def __init__(self, port: int) -> None:
        self._port = port

    def __getitem__(self, place: str) -> str:
        return f"127.0.0.1:{self.port(place)}"

    def port(self, place: str) -> int:
        return self._port + OFFSETS[place]

    def ports(self) -> list[int]:
        return [self._port + offset for offset in OFFSETS.values()]

    def here(self, text: str) -> str:
        """The text with this machine's places instead of Compose's."""
        return PLACE.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        part, port, check = found.groups()
        if part == "0.0.0.0":
            part = EVERYWHERE.get(port, part)
        place = f"{part}:{port}"
        if place not in OFFSETS:
            return found[0]
        checked = f" check port {self.port(f'{part}:{check}')}" if check else ""
        return self[place] + checked
