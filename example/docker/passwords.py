"""Who may log in: a file with a line NAME:HASH for each, which only the Hub reads."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Unicode

# 16 MB and a twentieth of a second for each guess.
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


def hashed(password: str, salt: str = "") -> str:
    salt = salt or secrets.token_hex(16)
    key = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **SCRYPT)
    return f"{salt}${key.hex()}"


# An unknown name takes as long as a wrong password.
NOBODY = hashed(secrets.token_hex())


def read(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(":", 1) for line in lines if line)


def write(path: Path, hashes: dict[str, str]) -> None:
    """All or nothing: whoever logs in meanwhile reads the old file or the new one."""
    new, folder = path.with_suffix(".new"), path.parent.stat()
    new.touch(mode=0o600)
    os.chown(new, folder.st_uid, folder.st_gid)
    new.write_text("".join(f"{name}:{value}\n" for name, value in hashes.items()))
    new.replace(path)


def matches(password: str, known: str) -> bool:
    return secrets.compare_digest(hashed(password, known.partition("$")[0]), known)


class FileAuthenticator(Authenticator):
    """Asks the file at each login, so a change counts at once."""

    path = Unicode("passwords", help="The file.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        known = read(Path(self.path)).get(data["username"], NOBODY)
        right = await asyncio.to_thread(matches, data["password"], known)
        return data["username"] if right else None
