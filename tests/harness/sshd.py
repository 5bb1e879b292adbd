"""An SSH server for the user who runs the tests, with keys of its own."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path

import anyio

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need


class Sshd(Daemon):
    """``ssh -i USER_KEY -p PORT USER@127.0.0.1`` gets in; nothing else does."""

    name = "sshd"

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.user = getpass.getuser()
        self.options = options
        self.host_key = folder / "host_key"
        self.user_key = folder / "user_key"

    @property
    def known_hosts(self) -> str:
        public = self.host_key.with_suffix(".pub").read_text()
        return f"[127.0.0.1]:{self.port} {public}"

    def argv(self) -> Sequence[str | Path]:
        return [need("sshd"), "-D", "-e", "-f", self.folder / "sshd_config"]

    async def prepare(self) -> None:
        for key in (self.host_key, self.user_key):
            await anyio.run_process(
                [
                    *(str(need("ssh")), "-q", "-t", "ed25519", "-N", ""),
                    *("-f", str(key)),
                ]
            )
        if os.getuid() == 0:
            # Where Debian's sshd locks itself in before a login; elsewhere made
            # by the service that the package starts.
            os.makedirs("/run/sshd", exist_ok=True)
        lines = [
            "ListenAddress 127.0.0.1",
            f"Port {self.port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self.user_key}.pub",
            # pytest's folders are not the user's home.
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "PidFile none",
            "Subsystem sftp internal-sftp",
            *self.options,
        ]
        self.folder.joinpath("sshd_config").write_text("\n".join(lines) + "\n")

    async def ready(self) -> None:
        await self.process.listens(self.port)
