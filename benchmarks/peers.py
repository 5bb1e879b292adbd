"""Install what we compare ourselves with, each in a place of its own.

    python benchmarks/peers.py [chp] [traefik-proxy]

Everything goes to `.cache` in this repository, which git ignores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = REPOSITORY / ".cache"

CHP_VERSION = "5.3.0"
CHP = CACHE / "chp/node_modules/.bin/configurable-http-proxy"

TRAEFIK_PROXY = CACHE / "traefik-proxy"
TRAEFIK_PROXY_PYTHON = TRAEFIK_PROXY / "bin/python"
TRAEFIK_PROXY_PACKAGES = [
    "jupyterhub-traefik-proxy==2.1.0",
    "jupyterhub>=5,<7",
    "redis>=5",
    "etcd3==0.12.0",
    # etcd3 was last released in 2020 and breaks with later ones.
    "protobuf<4",
]


def install_chp() -> None:
    if not CHP.exists():
        folder = CACHE / "chp"
        folder.mkdir(parents=True, exist_ok=True)
        package = f"configurable-http-proxy@{CHP_VERSION}"
        run("npm", "install", "--no-audit", "--no-fund", "--prefix", folder, package)


def install_traefik_proxy() -> None:
    if not (TRAEFIK_PROXY / "installed").exists():
        run(sys.executable, "-m", "venv", TRAEFIK_PROXY)
        run(TRAEFIK_PROXY_PYTHON, "-m", "pip", "install", "-q", *TRAEFIK_PROXY_PACKAGES)
        (TRAEFIK_PROXY / "installed").touch()


PEERS = {"chp": install_chp, "traefik-proxy": install_traefik_proxy}


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="Install what we compare with.")
    parser.add_argument("peer", nargs="*", choices=[*PEERS, []], metavar="PEER")
    for peer in parser.parse_args().peer or PEERS:
        PEERS[peer]()


if __name__ == "__main__":
    main()
