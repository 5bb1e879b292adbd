"""Checks on real files, on this machine and over a real sshd."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from jupyterhub_suite.services.entrypoint.validators import (
    BaseValidator,
    LocalValidator,
    SSHValidator,
)
from jupyterhub_suite.services.entrypoint.validators.probes import PROBES
from jupyterhub_suite.services.errors import SettingError
from tests.harness.parts import need
from tests.harness.sshd import Sshd

USER = getpass.getuser()
HOST = "127.0.0.1"
HOSTILE = [
    "/x; touch {mark}",
    "/x\ntouch {mark}\n",
    "/x'; touch '{mark}",
    '/x"; touch "{mark}',
    "/x$(touch {mark})",
    "/x`touch {mark}`",
    "/x && touch {mark}",
    "--help",
    "-e",
    "/" + "x" * 4095,
    "/ünï→cødé/環境",
    "/x\x00y",
    "",
]


@pytest.fixture
def ssh(sshd: Sshd, tmp_path: Path) -> SSHValidator:
    return make_ssh(sshd, tmp_path)


def make_ssh(sshd: Sshd, folder: Path, known: str | None = None) -> SSHValidator:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(sshd.known_hosts if known is None else known)
    key = folder / f"{USER}.key"
    key.write_bytes(sshd.user_key.read_bytes())
    key.chmod(0o600)
    return SSHValidator(
        f"{folder}/{{user}}.key", known_hosts=str(known_hosts), port=sshd.port
    )


@pytest.fixture(params=["local", "ssh"])
def validator(request: pytest.FixtureRequest, ssh: SSHValidator) -> BaseValidator:
    return LocalValidator() if request.param == "local" else ssh


def write(path: Path, text: str, mode: int = 0o755) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("server", ["jupyter-labhub", "jupyterhub-singleuser"])
async def test_a_conda_environment_needs_an_executable_server(
    validator: BaseValidator, tmp_path: Path, server: str
) -> None:
    environment = tmp_path / "it's an env"
    write(environment / "bin" / server, "#!/bin/sh\n", 0o644)
    result, message = await validator.validate(USER, str(environment), "conda", [HOST])
    assert (result, "no executable" in message) == (False, True)

    write(environment / "bin" / server, "#!/bin/sh\n", 0o755)
    result, message = await validator.validate(USER, str(environment), "conda", [HOST])
    assert result is True, message


async def test_an_environment_that_is_not_there_is_said_so(
    validator: BaseValidator, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "none")
    result, message = await validator.validate(USER, nowhere, "conda", [HOST])
    assert (result, "no such folder" in message) == (False, True)


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("#!/bin/sh\nexec true\n", 0o755, "can be run"),
        ("#! /usr/bin/env bash\n", 0o755, "can be run"),
        ("#!/bin/sh\n", 0o644, "not executable"),
        ("echo hello\n", 0o755, "names no interpreter"),
        ("", 0o755, "names no interpreter"),
        ("#!/bin/sh\r\n", 0o755, "as on Windows"),
        ("#!/no/such/interpreter\n", 0o755, "does not exist"),
    ],
)
async def test_a_script_needs_to_be_one(
    validator: BaseValidator, tmp_path: Path, text: str, mode: int, expected: str
) -> None:
    script = write(tmp_path / "go.sh", text, mode)
    result, message = await validator.validate(USER, script, "script", [HOST])
    assert expected in message
    assert result is (expected == "can be run")


async def test_a_folder_is_no_script(validator: BaseValidator, tmp_path: Path) -> None:
    result, message = await validator.validate(USER, str(tmp_path), "script", [HOST])
    assert (result, "not a file" in message) == (False, True)


@pytest.mark.parametrize("path", HOSTILE)
@pytest.mark.parametrize("kind", sorted(PROBES))
async def test_a_hostile_path_is_only_ever_a_path(
    validator: BaseValidator, tmp_path: Path, path: str, kind: str
) -> None:
    mark = tmp_path / "mark"
    written = path.format(mark=mark)
    result, message = await validator.validate(USER, written, kind, [HOST])
    assert result is False
    assert message
    assert not any(name.startswith("mark") for name in os.listdir(tmp_path))


async def test_a_name_of_the_hostile_kind_can_be_a_good_script(
    validator: BaseValidator, tmp_path: Path
) -> None:
    script = write(tmp_path / "a; $(touch x)\n'\"-b" / "go", "#!/bin/sh\n")
    result, message = await validator.validate(USER, script, "script", [HOST])
    assert result is True, message


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder with an authority, and a user's key and certificate signed by it."""
    keygen = [str(need("ssh")), "-q"]
    ca, key = tmp_path / "ca", tmp_path / f"{USER}.signed"
    for made in (ca, key):
        new = ["-t", "ed25519", "-N", "", "-f", str(made)]
        subprocess.run([*keygen, *new], check=True)
    sign = ["-s", str(ca), "-I", "a user", "-n", USER, f"{key}.pub"]
    subprocess.run([*keygen, *sign], check=True)
    return tmp_path


async def test_a_certificate_of_the_sites_authority_lets_in(
    signed: Path, start_sshd: Any
) -> None:
    sshd = await start_sshd([f"TrustedUserCAKeys {signed}/ca.pub"])
    script = write(signed / "go", "#!/bin/sh\n")
    make_ssh(sshd, signed)

    def with_certificates(*certificates: str) -> SSHValidator:
        return SSHValidator(
            f"{signed}/{{user}}.signed",
            certificates=certificates,
            known_hosts=f"{signed}/known_hosts",
            port=sshd.port,
        )

    certified = with_certificates(f"{signed}/{{user}}.signed-cert.pub")
    result, message = await certified.validate(USER, script, "script", [HOST])
    assert result is True, message
    # The same key is nobody without its certificate.
    await anyio.Path(f"{signed}/{USER}.signed-cert.pub").unlink()
    result, message = await with_certificates().validate(USER, script, "script", [HOST])
    assert (result, "may not log in" in message) == (False, True)


async def test_the_user_who_asks_must_be_let_in(ssh: SSHValidator) -> None:
    result, message = await ssh.validate("nobody-such", "/bin/sh", "script", [HOST])
    assert result is False
    assert "/" not in message, "files of the service are nobody's business"


@pytest.mark.parametrize("user", ["../../etc/x", "a/b", "..", ""])
async def test_a_users_name_cannot_lead_to_another_key(
    ssh: SSHValidator, user: str
) -> None:
    result, message = await ssh.validate(user, "/bin/sh", "script", [HOST])
    assert (result, "There is no key" in message) == (False, True)


async def test_a_host_that_is_not_known_is_not_talked_to(
    sshd: Sshd, tmp_path: Path
) -> None:
    stranger = make_ssh(sshd, tmp_path, known="")
    result, message = await stranger.validate(USER, "/bin/sh", "executable", [HOST])
    assert (result, "host is not known" in message) == (False, True)


def test_there_is_no_way_to_leave_the_hosts_keys_unchecked(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="known_hosts"):
        SSHValidator(known_hosts=str(tmp_path / "none"))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A host that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.2", 0)) as server:
        yield server.getsockname()[1]


async def test_a_host_that_hangs_is_named_and_not_waited_for(
    ssh: SSHValidator, tmp_path: Path, silent_port: int
) -> None:
    ssh.ports = {"127.0.0.2": silent_port}
    ssh.timeout = 2
    script = write(tmp_path / "go", "#!/bin/sh\n")
    began = time.monotonic()
    hosts = [HOST, "127.0.0.2"]
    result, message = await ssh.validate(USER, script, "script", hosts)
    assert time.monotonic() - began < 4
    assert result is False
    assert message == "127.0.0.2: It could not be checked: no answer in time."


async def test_a_host_that_refuses_is_named(ssh: SSHValidator) -> None:
    ssh.ports = {HOST: 1}
    result, message = await ssh.validate(USER, "/bin/sh", "executable", [HOST])
    assert result is False
    assert message == f"{HOST}: It could not be checked: no connection."


async def test_a_system_without_hosts_is_not_checked(ssh: SSHValidator) -> None:
    assert (await ssh.validate(USER, "/bin/sh", "executable", []))[0] is None
