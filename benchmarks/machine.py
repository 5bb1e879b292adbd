"""What the figures were measured on: no names, no paths."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contestants import Contestant
from parts import search_path
from peers import CHP_VERSION, TRAEFIK_PROXY_PYTHON

VERSION_OF = {
    "Traefik": ["traefik", "version"],
    "etcd": ["etcd", "--version"],
    "Redis": ["redis-server", "--version"],
    "nginx": ["nginx", "-v"],
    "wrk": ["wrk", "-v"],
    "Node.js": ["node", "--version"],
}


def describe(contestants: Iterable[Contestant]) -> dict[str, Any]:
    return {
        "measured": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * _pages() / 1024**3),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "versions": {
            "Python": platform.python_version(),
            **{name: found for name in VERSION_OF if (found := _version(name))},
            **{name: _package(name) for name in ("jupyterhub-suite", "jupyterhub")},
            **_peers(contestants),
        },
    }


def load() -> float:
    """The one-minute load average, kept with each run: noise should be visible."""
    return round(os.getloadavg()[0], 2)


def _pages() -> int:
    return os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"model name\s*: (.*)", text)
    return found[1] if found else platform.machine()


def _version(name: str) -> str:
    command = VERSION_OF[name]
    program = shutil.which(command[0], path=search_path())
    if not program:
        return ""
    output = subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+\.\d+(\.\d+)?", output.stdout + output.stderr)
    return found[0] if found else ""


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from this repository"


def _peers(contestants: Iterable[Contestant]) -> dict[str, str]:
    pythons = {each.python for each in contestants}
    versions = {"configurable-http-proxy": CHP_VERSION}
    if TRAEFIK_PROXY_PYTHON in pythons - {Path(sys.executable)}:
        versions["jupyterhub-traefik-proxy"] = "2.1.0"
    return versions
