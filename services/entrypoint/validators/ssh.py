"""Looks on the system's hosts, over ssh, as the user."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncssh

from ...errors import SettingError
from .base import BaseValidator, Verdict
from .probes import PROBES, TIMED_OUT, Probe, find_fault

# The longest error of a remote host that is shown or read.
LONGEST_ERROR = 2000


class SSHValidator(BaseValidator):
    """Logs in to all hosts of a system at once, as the user, and runs the tests.

    keys: paths of private keys, with {user} in them: "/certs/{user}.key". A
        certificate is found beside its key, as "/certs/{user}.key-cert.pub", or
        named in `certificates`.
    known_hosts: a file of host keys, or of authorities that sign them. There is no
        way to log in to a host that is not in it.
    port: where sshd listens, or a dictionary of ports by host.
    """

    def __init__(
        self,
        keys: Sequence[str] | str = ("/certs/{user}.key",),
        certificates: Sequence[str] | str = (),
        known_hosts: str = "~/.ssh/known_hosts",
        port: int | dict[str, int] = 22,
        timeout: float = 10,
    ) -> None:
        super().__init__()
        self.keys = [keys] if isinstance(keys, str) else list(keys)
        self.certificates = (
            [certificates] if isinstance(certificates, str) else list(certificates)
        )
        self.known_hosts = Path(known_hosts).expanduser()
        self.ports = port if isinstance(port, dict) else {}
        self.port = port if isinstance(port, int) else 22
        self.timeout = timeout
        if not self.known_hosts.is_file():
            raise SettingError(
                f"SSHValidator: known_hosts is {known_hosts!r}: there is no such file."
                " Make one with ssh-keyscan, and compare the keys"
            )

    async def validate(
        self, user: str, path: str, entrypoint_type: str, hosts: list[str]
    ) -> tuple[bool | None, str]:
        fault = find_fault(path, entrypoint_type)
        if fault is not None:
            return fault
        if "/" in user or user in ("", ".", ".."):
            # The name is part of the path of a key.
            return Verdict(False, f"There is no key for {user!r}.")
        if not hosts:
            return Verdict(None, "This system has no host to check it on.")
        probe = PROBES[entrypoint_type]
        verdicts = await asyncio.gather(
            *(self.look(user, path, probe, host) for host in hosts)
        )
        return join(hosts, verdicts)

    async def look(self, user: str, path: str, probe: Probe, host: str) -> Verdict:
        """On one host, in time or not at all."""
        try:
            return await asyncio.wait_for(
                self._look(user, path, probe, host), self.timeout
            )
        except asyncio.TimeoutError:
            return Verdict(False, TIMED_OUT)
        except asyncssh.HostKeyNotVerifiable:
            self.log.warning("The host key of %s is not in %s", host, self.known_hosts)
            return Verdict(False, "It could not be checked: the host is not known.")
        except asyncssh.PermissionDenied:
            return Verdict(False, f"It could not be checked: {user} may not log in.")
        except (asyncssh.Error, OSError, ValueError) as error:
            # Its text may name files of the service: that is for the log.
            self.log.warning("ssh to %s for %s: %s", host, user, error)
            return Verdict(False, "It could not be checked: no connection.")

    async def _look(self, user: str, path: str, probe: Probe, host: str) -> Verdict:
        async with self.connect(user, host) as connection:
            # One quoted word each: the login shell has nothing to interpret.
            process = await connection.run(
                shlex.join(probe.command(path)), encoding=None, stdin=asyncssh.DEVNULL
            )
        errors = process.stderr or b""
        if isinstance(errors, bytes):
            errors = errors[:LONGEST_ERROR].decode(errors="replace")
        return probe.verdict(process.exit_status, errors)

    def connect(
        self, user: str, host: str
    ) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        options: dict[str, Any] = {}
        if self.certificates:
            options["client_certs"] = [fill(path, user) for path in self.certificates]
        return asyncssh.connect(
            host,
            port=self.ports.get(host, self.port),
            username=user,
            client_keys=[fill(path, user) for path in self.keys],
            known_hosts=str(self.known_hosts),
            # Nothing of the service's own account: no agent, no configuration.
            agent_path=None,
            config=None,
            password_auth=False,
            kbdint_auth=False,
            **options,
        )


def fill(template: str, user: str) -> str:
    return template.replace("{user}", user)


def join(hosts: Sequence[str], verdicts: Sequence[Verdict]) -> Verdict:
    """All must agree that it works; the message names the hosts where it does not."""
    bad = [
        f"{host}: {verdict.message}"
        for host, verdict in zip(hosts, verdicts, strict=True)
        if not verdict.result
    ]
    return Verdict(False, " ".join(bad)) if bad else verdicts[0]
