"""A complete Hub on loopback, for a first look. Ctrl-C ends all of it.

Everything that it writes is in the folder .demo of the checkout.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import environments
from children import (
    GRACE,
    adopt_orphans,
    end_all_children,
    end_with_parent,
    ignore_signals,
    last_lines,
    port_number,
    refuse_if_busy,
    say,
    stop_on_signals,
)

from jupyterhub_suite.ports import free_port

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / ".demo"
LOG = FOLDER / "jupyterhub.log"
PATIENCE = 90


@dataclass(frozen=True)
class Passwords:
    """New ones at each start; the Hub wants a long one for its admin."""

    user: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    admin: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def main() -> int:
    stop_on_signals()
    try:
        port = port_number(os.environ.get("PORT", "8000"))
        refuse_if_busy(port, f"take another: PORT={port + 1000} make demo")
        return run(port)
    except ValueError as error:
        sys.stderr.write(f"make demo: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def run(port: int) -> int:
    url, passwords = f"http://127.0.0.1:{port}", Passwords()
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    environments.make(FOLDER)
    say(f"Starting a Hub. Its log: {LOG}")
    with running_hub(port, passwords) as hub:
        if is_ready(hub, f"{url}/hub/health"):
            say(greeting(url, passwords))
            hub.wait()
        say(f"{last_lines(LOG)}\n\nThe Hub ended by itself; its log is {LOG}")
    return 1


def greeting(url: str, passwords: Passwords) -> str:
    return f"""
  JupyterHub is ready:  {url}

  Log in as any user, such as alice    password  {passwords.user}
  or as admin                          password  {passwords.admin}

  Services > culler       when your server will be stopped, and why; keep it longer
  Services > entrypoint   choose what your server starts in; the name of a conda
                          environment that there is already: analysis
  Services > status       a server is started and used each minute

  Ctrl-C ends everything.
"""


@contextmanager
def running_hub(port: int, passwords: Passwords) -> Iterator[subprocess.Popen[bytes]]:
    """A Hub with all that belongs to it, of which nothing is left afterwards."""
    adopt_orphans()
    with LOG.open("wb") as log:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", HERE / "jupyterhub_config.py"],
            cwd=FOLDER,
            env=environment(port, passwords),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches us alone, and the Hub has time to stop its servers.
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - there are no threads
        )
        try:
            yield hub
        finally:
            ignore_signals()
            say("\nStopping …")
            hub.terminate()
            with suppress(subprocess.TimeoutExpired):
                hub.wait(GRACE)
            end_all_children()


def environment(port: int, passwords: Passwords) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DEMO_PORT": str(port),
        "DEMO_PASSWORD": passwords.user,
        "DEMO_ADMIN_PASSWORD": passwords.admin,
        "DEMO_HUB_PORT": str(free_port()),
        "DEMO_TRAEFIK_API": f"http://127.0.0.1:{free_port()}",
    }


def is_ready(hub: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while hub.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(main())
