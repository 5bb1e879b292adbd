"""Which real components the tests need, and who installs them.

python -m tests.harness.parts     the Debian packages that are missing here
"""

from __future__ import annotations

import os
import shutil
import sys
from glob import glob
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest


class Part(NamedTuple):
    executable: str
    package: str = ""
    """The Debian package; empty when another registry has it."""
    hint: str = ""
    """How to install it, where that is not a Debian package."""

    @property
    def how_to_install(self) -> str:
        return self.hint or f"apt-get install {self.package}"


PARTS = {
    "chromium": Part("chromium", "chromium"),
    "debootstrap": Part("debootstrap", "debootstrap"),
    "docker": Part("docker", "docker.io"),
    "docker-compose": Part("docker-compose", "docker-compose"),
    "dockerd": Part("dockerd", "docker.io"),
    "etcd": Part("etcd", "etcd-server"),
    "etcdctl": Part("etcdctl", "etcd-client"),
    "haproxy": Part("haproxy", "haproxy"),
    "nginx": Part("nginx", "nginx-light"),
    "pebble": Part("pebble", "pebble"),
    "pebble-dns": Part("pebble-challtestsrv", "pebble"),
    "postgresql": Part("postgres", "postgresql"),
    "prometheus": Part("prometheus", "prometheus"),
    "redis": Part("redis-server", "redis-server"),
    "registry": Part("docker-registry", "docker-registry"),
    "ssh": Part("ssh-keygen", "openssh-client"),
    "sshd": Part("sshd", "openssh-server"),
    "traefik": Part("traefik", hint="pip install 'jupyterhub-suite[traefik]'"),
    "hub5": Part(
        str(Path(__file__).parents[2] / ".venv-hub5/bin/jupyterhub"),
        hint="make hub5",
    ),
}

# Where Debian keeps what is not on everybody's PATH.
FURTHER_FOLDERS = (
    str(Path(sys.executable).parent),
    "/usr/sbin",
    "/usr/local/sbin",
    *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True),
)


def find(name: str) -> Path | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *FURTHER_FOLDERS])
    found = shutil.which(PARTS[name].executable, path=path)
    return Path(found) if found else None


def need(name: str) -> Path:
    """The executable of a part; without it the test is skipped, or fails in CI."""
    found = find(name)
    if found is not None:
        return found
    lack(f"{name} is not installed: {PARTS[name].how_to_install}")


def lack(reason: str) -> NoReturn:
    """Skip for a reason on a laptop; in CI, where all must be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def missing_packages() -> list[str]:
    return sorted(
        {
            part.package
            for name, part in PARTS.items()
            if part.package and not find(name)
        }
    )


if __name__ == "__main__":
    sys.stdout.write(" ".join(missing_packages()) + "\n")
