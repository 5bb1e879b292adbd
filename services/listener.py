"""Where a service listens: a TCP port or a unix socket, plain or TLS."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tornado.netutil import bind_sockets, bind_unix_socket

from .errors import SettingError

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A place to listen at: host and port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: bool = False

    def __str__(self) -> str:
        return f"unix socket {self.path}" if self.path else f"{self.host}:{self.port}"


def parse_bind_url(url: str) -> Address:
    """Read an address from http://HOST:PORT, https://… or http+unix://%2FPATH."""
    advice = "expected http://HOST:PORT, https://HOST:PORT or http+unix://%2Fa%2Fpath"
    parts = urlsplit(url)
    scheme, _, transport = parts.scheme.partition("+")
    tls = scheme == "https"
    if scheme not in DEFAULT_PORTS or transport not in ("", "unix") or not parts.netloc:
        raise SettingError(f"bind_url is {url!r}: {advice}")
    if transport == "unix":
        return Address(path=unquote(parts.netloc), tls=tls)
    try:
        port = DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    except ValueError as error:
        raise SettingError(f"bind_url is {url!r}: {error}") from None
    return Address(host=parts.hostname or "", port=port, tls=tls)


def open_sockets(address: Address) -> list[socket.socket]:
    """Bind the address, or say who is in the way."""
    try:
        if address.path:
            return [_open_unix_socket(address.path)]
        host = None if address.host in ("", "*") else address.host
        return bind_sockets(address.port, host)
    except OSError as error:
        raise SettingError(f"Cannot listen at {address}: {_advice(error)}") from error


def _open_unix_socket(path: str) -> socket.socket:
    # tornado replaces whatever socket it finds, also one that is being served.
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    return bind_unix_socket(path, mode=0o600)


def _advice(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno == errno.EADDRINUSE:
        return f"{reason}. Stop what listens there, or set bind_url to another port"
    return f"{reason}. Set bind_url to an address of this machine"


@dataclass(frozen=True)
class Certificates:
    """The files of a key and its certificate, and of the CA that clients need."""

    keyfile: str = ""
    certfile: str = ""
    client_ca: str = ""

    def __bool__(self) -> bool:
        return bool(self.keyfile or self.certfile)

    def server_context(self) -> ssl.SSLContext:
        """To serve with. With a client_ca, only its certificates may connect."""
        return self._load(ssl.Purpose.CLIENT_AUTH)

    def client_context(self) -> ssl.SSLContext:
        """For our own calls to a Hub that runs with internal SSL."""
        return self._load(ssl.Purpose.SERVER_AUTH)

    def _load(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        self._check_files()
        try:
            context = ssl.create_default_context(purpose, cafile=self.client_ca or None)
            context.load_cert_chain(self.certfile, self.keyfile)
        except (ssl.SSLError, OSError) as error:
            raise SettingError(
                f"keyfile {self.keyfile!r}, certfile {self.certfile!r} and client_ca"
                f" {self.client_ca!r} cannot be used together: {error}."
                " All are PEM files, and the certificate is made for that key"
            ) from error
        if self.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _check_files(self) -> None:
        if not (self.keyfile and self.certfile):
            missing = "certfile" if self.keyfile else "keyfile"
            raise SettingError(f"{missing} is not set: TLS needs keyfile and certfile")
        for setting, path in vars(self).items():
            if path and not os.access(path, os.R_OK):
                raise SettingError(f"{setting} is {path!r}, which cannot be read")
