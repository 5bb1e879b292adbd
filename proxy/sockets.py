"""How long each connection from this machine has been silent, as Linux itself knows it.

Traefik counts a request when it ends, and says nothing of a WebSocket that stays open.
The kernel does: asked over netlink (sock_diag(7)), it lists all connections, and for
how many milliseconds nothing was sent and nothing received on each.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

IP = IPv4Address | IPv6Address
Peer = tuple[IP, int]

# linux/netlink.h: a protocol; length, type, flags, number, port
SOCK_DIAG = 4
HEADER = struct.Struct("=IHHII")
SOCK_DIAG_BY_FAMILY = 20
REQUEST_DUMP = 0x301
# linux/inet_diag.h: family, protocol, extensions, states, a socket: any
REQUEST = struct.Struct("=BBBxI48x")
WITH_TCP_INFO = 1 << 1
ESTABLISHED = 1 << 1
# family, the far port, the near and the far address, and more
MESSAGE = struct.Struct("=B3x2xH16x16s32x")
# linux/rtnetlink.h: length and type of an attribute; the type of a tcp_info
ATTRIBUTE = struct.Struct("=HH")
TCP_INFO = 2
# linux/tcp.h: milliseconds since data was last sent, and received
SILENCE = struct.Struct("=44xI4xI")


def silence(targets: Mapping[str, str]) -> dict[str, float]:
    """For how many seconds those URLs were silent that this machine is connected to."""
    silent: dict[Peer, float] = {}
    for peer, seconds in _connections():
        silent[peer] = min(seconds, silent.get(peer, seconds))
    ports = {port for _, port in silent}
    places = {name: _place(url) for name, url in targets.items()}
    likely = {name: place for name, place in places.items() if place[1] in ports}
    addresses = {host: _resolve(host) for host in {host for host, _ in likely.values()}}
    return {
        name: min(found)
        for name, (host, port) in likely.items()
        if (found := [silent[a, port] for a in addresses[host] if (a, port) in silent])
    }


def _connections() -> Iterator[tuple[Peer, float]]:
    """All established connections; none where the system is another or forbids it."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            yield from _dump(family)
        except (AttributeError, OSError, struct.error):
            continue


def _dump(family: int) -> Iterator[tuple[Peer, float]]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as netlink:
        netlink.settimeout(5)
        wish = REQUEST.pack(family, socket.IPPROTO_TCP, WITH_TCP_INFO, ESTABLISHED)
        size = HEADER.size + len(wish)
        netlink.send(HEADER.pack(size, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + wish)
        while True:
            for kind, message in _messages(netlink.recv(1 << 18)):
                if kind != SOCK_DIAG_BY_FAMILY:
                    return  # the kernel has said all, or refuses to
                if found := connection(message):
                    yield found


def _messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(datagram):
        length, kind, *_ = HEADER.unpack_from(datagram, at)
        yield kind, datagram[at + HEADER.size : at + length]
        at += _aligned(length)


def connection(message: bytes) -> tuple[Peer, float] | None:
    """The far end of a connection, and its seconds of silence."""
    family, port, address = MESSAGE.unpack_from(message)
    words = address[:4] if family == socket.AF_INET else address
    for kind, value in _attributes(message[MESSAGE.size :]):
        if kind == TCP_INFO:
            peer = _plain(ip_address(words)), socket.ntohs(port)
            return peer, min(SILENCE.unpack_from(value)) / 1000
    return None


def _attributes(rest: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(rest):
        length, kind = ATTRIBUTE.unpack_from(rest, at)
        yield kind, rest[at + ATTRIBUTE.size : at + length]
        at += _aligned(length)


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _plain(address: IP) -> IP:
    return getattr(address, "ipv4_mapped", None) or address


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    return parts.hostname or "", parts.port or default


def _resolve(host: str) -> set[IP]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {_plain(ip_address(str(each[4][0]).split("%")[0])) for each in found}
