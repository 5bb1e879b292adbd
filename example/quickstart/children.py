"""What every demo has in common: its port, and that nothing of it outlives it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

GRACE = 25
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop_on_signals() -> None:
    """Whoever asks us to end is served as Ctrl-C is."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def port_number(written: str, highest: int = 65535) -> int:
    if not written.isdigit() or not 0 < int(written) <= highest:
        raise ValueError(f"PORT is {written!r}: expected a number from 1 to {highest}")
    return int(written)


def refuse_if_busy(port: int, advice: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ValueError(
                f"port {port} cannot be had ({error.strerror})."
                f" Stop what uses it, or {advice}"
            ) from None


def last_lines(log: Path, count: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


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
