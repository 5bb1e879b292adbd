"""Addresses to listen at, and certificates."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from certipy import Certipy

from jupyterhub_suite.services.errors import SettingError
from jupyterhub_suite.services.listener import (
    Address,
    Certificates,
    open_sockets,
    parse_bind_url,
)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8889", Address("127.0.0.1", 8889)),
        ("http://127.0.0.1:8889/services/x/", Address("127.0.0.1", 8889)),
        ("http://[::1]:1", Address("::1", 1)),
        ("http://host", Address("host", 80)),
        ("http://host:0", Address("host", 0)),
        ("https://host", Address("host", 443, tls=True)),
        ("http+unix://%2Frun%2Fs.sock", Address(path="/run/s.sock")),
        ("https+unix://%2Frun%2Fs.sock", Address(path="/run/s.sock", tls=True)),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert parse_bind_url(url) == address


@pytest.mark.parametrize(
    "url", ["", "8889", "ftp://x", "http://", "http://x:port", "http://x:99999"]
)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingError, match="bind_url is"):
        parse_bind_url(url)


def test_a_socket_that_is_served_is_not_taken_over(tmp_path: Path) -> None:
    address = Address(path=str(tmp_path / "s"))
    [opened] = open_sockets(address)
    with opened, pytest.raises(SettingError, match="in use"):
        open_sockets(address)


def test_a_socket_that_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(path)
    [opened] = open_sockets(Address(path=path))
    opened.close()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingError, match=r"192\.0\.2\.1:1"):
        open_sockets(Address("192.0.2.1", 1))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    record = Certipy(store_dir=str(tmp_path)).create_ca("ours")
    return record["files"]["key"], record["files"]["cert"]


def test_a_pair_serves_and_calls(pair: tuple[str, str]) -> None:
    certificates = Certificates(*pair, client_ca=pair[1])
    assert certificates.server_context().verify_mode.name == "CERT_REQUIRED"
    assert certificates.client_context().check_hostname
    assert Certificates(*pair).server_context().verify_mode.name == "CERT_NONE"


def test_each_wrong_file_is_named(pair: tuple[str, str], tmp_path: Path) -> None:
    key, certificate = pair
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("rubbish")
    for wrong, part in [
        (Certificates(key), "certfile is not set"),
        (Certificates(certfile=certificate), "keyfile is not set"),
        (Certificates("/absent", certificate), "keyfile is '/absent'"),
        (Certificates(key, str(rubbish)), "cannot be used together"),
    ]:
        with pytest.raises(SettingError, match=part):
            wrong.server_context()
