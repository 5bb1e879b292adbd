"""The users' passwords, accounts and home folders, on the volume; run by root.

users.py prepare     at each start: an account for each user that the volume knows
users.py set NAME    a new user, or a new password for one
"""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

import passwords

VOLUME = Path("/srv/jupyterhub")
HUB, HOMES = VOLUME / "hub", VOLUME / "home"
RUN = Path("/run/jupyterhub")
PASSWORDS = HUB / "passwords"
# Those of the first start; the third one's server is started by the status service.
FIRST, CHECK = ("user1", "admin"), "status-check"
GROUP = "hub-users"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def main(command: str = "", name: str = "", *rest: str) -> str | None:
    if os.geteuid() != 0:
        return "Run the container as root: only it can make accounts. The Hub is not."
    if command == "prepare" and not name:
        return prepare()
    if command == "set" and NAME.fullmatch(name) and not rest:
        return set_password(name, ask())
    return "hub-user NAME: small letters, digits, - and _, beginning with a letter"


def prepare() -> None:
    folder(HUB, "jupyterhub", 0o700)
    folder(RUN, "jupyterhub", 0o700)
    folder(HOMES, "root", 0o711)
    # First those who have a home, for their files belong to a certain number.
    for home in sorted(HOMES.iterdir()):
        if NAME.fullmatch(home.name):
            make_account(home.name)
    if not PASSWORDS.exists():
        passwords.write(PASSWORDS, {name: passwords.hashed(name) for name in FIRST})
    for name in (*passwords.read(PASSWORDS), CHECK):
        make_account(name)


def folder(path: Path, owner: str, mode: int) -> None:
    path.mkdir(exist_ok=True)
    shutil.chown(path, owner, owner)
    path.chmod(mode)


def set_password(name: str, password: str) -> str | None:
    if not password:
        return "An empty password will not do."
    make_account(name)
    if pwd.getpwnam(name).pw_gid != grp.getgrnam(GROUP).gr_gid:
        return f"{name} is an account of the system."
    known = passwords.read(PASSWORDS)
    passwords.write(PASSWORDS, {**known, name: passwords.hashed(password)})
    return None


def ask() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("New password: ")
    return sys.stdin.readline().rstrip("\n")


def make_account(name: str) -> None:
    home = HOMES / name
    if exists(name):
        return
    words = ["useradd", f"--gid={GROUP}", f"--home-dir=/home/{name}"]
    words += [f"--uid={home.stat().st_uid}"] if home.exists() else ["--create-home"]
    subprocess.run([*words, "--shell=/bin/bash", "--", name], check=True)
    home.chmod(0o700)


def exists(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
