"""A complete Hub on loopback, for a first look. Ctrl-C ends all of it.

Everything that it writes is in the folder .demo of the checkout.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
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

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / ".demo"
LOG = FOLDER / "jupyterhub.log"
PATIENCE = 90
GRACE = 25
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Passwords:
    """New ones at each start; the Hub wants a long one for its admin."""

    user: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    admin: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        port = free_port(os.environ.get("PORT", "8000"))
        return run(port)
    except ValueError as error:
        sys.stderr.write(f"make demo: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def free_port(written: str) -> int:
    """The port, if it is one and nobody listens there."""
    if not written.isdigit() or not 0 < int(written) < 65536:
        raise ValueError(f"PORT is {written!r}: expected a number from 1 to 65535")
    port = int(written)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ValueError(
                f"port {port} cannot be had ({error.strerror})."
                f" Stop what uses it, or take another: PORT={port + 1000} make demo"
            ) from None
    return port


def run(port: int) -> int:
    url, passwords = f"http://127.0.0.1:{port}", Passwords()
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    environments.make(FOLDER)
    say(f"Starting a Hub. Its log: {LOG}")
    with running_hub(port, passwords) as hub:
        if is_ready(hub, f"{url}/hub/health"):
            say(greeting(url, passwords))
            hub.wait()
        say(f"{last_lines()}\n\nThe Hub ended by itself; its log is {LOG}")
    return 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


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
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
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
        "DEMO_HUB_PORT": str(any_port()),
        "DEMO_TRAEFIK_API": f"http://127.0.0.1:{any_port()}",
    }


def any_port() -> int:
    """One that nobody listens at, for what only the Hub talks to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def adopt_orphans() -> None:
    """What outlives the Hub becomes our child, so that we can find and end it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """Be told to stop also when the demo is killed and can tell nobody."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end_all_children() -> None:
    deadline = time.monotonic() + GRACE
    while children := living_children():
        number = signal.SIGTERM if time.monotonic() < deadline - 15 else signal.SIGKILL
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)
        time.sleep(0.2)
        if time.monotonic() > deadline:
            break


def living_children() -> list[int]:
    """Our children, the adopted ones among them; the dead are buried on the way."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    with suppress(FileNotFoundError):
        own = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return [int(child) for child in own]
    return []


def is_ready(hub: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while hub.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return True
        time.sleep(0.2)
    return False


def last_lines(count: int = 20) -> str:
    return "\n".join(LOG.read_text(errors="replace").splitlines()[-count:])


if __name__ == "__main__":
    sys.exit(main())
