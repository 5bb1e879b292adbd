"""What the parts show to each other, made at the first start: a file each, mode 600.

python make_secrets.py FOLDER [READER=UID …]

The Hub reads all of it. A reader gets a folder of its own in there, which belongs to
the number that it runs as, with copies of what READERS says and of nothing else.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from jupyterhub_suite.proxy.certificate import placeholder

# Names, and how many random bytes.
RANDOM = {
    "admin-password": 24,
    "database-password": 32,
    "entrypoint-token": 32,
    "prometheus-token": 32,
    "status-token": 32,
    "traefik-password": 32,
    "user-password": 6,
}
READERS = {
    "postgres": ["database-password"],
    "prometheus": ["prometheus-token", "traefik-password"],
    "services": ["database-password", "entrypoint-token", "status-token"],
}


def make(folder: Path) -> None:
    """What is there already stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, size in RANDOM.items():
        write_once(folder / name, secrets.token_urlsafe(size))
    write_once(folder / "cookie-secret", secrets.token_hex(32))
    # Good for nothing but to spare Traefik making a key at every reload.
    certificate, key = placeholder()
    write_once(folder / "placeholder.pem", certificate)
    write_once(folder / "placeholder.key", key)


def write_once(path: Path, text: str) -> None:
    if not path.exists():
        written = path.with_suffix(".part")
        written.touch(mode=0o600)
        written.write_text(text)
        written.rename(path)


def copy_for(reader: str, uid: int, folder: Path) -> None:
    own = folder / reader
    own.mkdir(mode=0o700, exist_ok=True)
    for name in READERS[reader]:
        write_once(own / name, (folder / name).read_text())
        os.chown(own / name, uid, -1)
    os.chown(own, uid, -1)
    # They pass through the folder, and cannot list it.
    folder.chmod(0o711)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    make(target)
    for word in sys.argv[2:]:
        name, _, number = word.partition("=")
        copy_for(name, int(number), target)
