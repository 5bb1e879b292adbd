"""Runs one command, and outlives it to end every process that came of it.

A test process that dies by ``kill -9`` cannot tidy up, and the servers that a Hub
started are in sessions of their own, so neither a signal to a group nor one at the
parent's death reaches them. The guardian adopts every orphan below it, and ends
them all when its own standard input closes, which the kernel sees to.

It needs nothing outside the standard library, and no site packages: it is started
with ``python -I -S`` and is up in some 15 ms.

    guardian.py GRACE COMMAND [ARGUMENT ...]

What it has to say goes to standard output, a line each: ``pid 123``, ``exit -9``.
The command gets the guardian's standard error as its output.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def tell(line: str) -> None:
    # Nobody listens any more once the tests have died.
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


def parents() -> dict[int, int]:
    """Every process on the machine, with the one that it is a child of."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The second field is a name, which may hold blanks and brackets.
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            found[int(stat.parent.name)] = int(after_name[1])
    return found


def descendants(ancestor: int, parent_of: dict[int, int]) -> Iterator[int]:
    for child, parent in parent_of.items():
        if parent == ancestor:
            yield child
            yield from descendants(child, parent_of)


def signal_quietly(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def report_exits(command: int, command_gone: threading.Event) -> None:
    """Reap until no process is left below us, those that we adopted included."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == command:
                tell(f"exit {os.waitstatus_to_exitcode(status)}")
                command_gone.set()


def await_end_of_input() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass


def end_all(
    command: int,
    grace: float,
    command_gone: threading.Event,
    nothing_left: threading.Event,
) -> None:
    """Once the tests are over: a request to the command, then KILL for all."""
    await_end_of_input()
    if not command_gone.is_set():
        signal_quietly(command, signal.SIGTERM)
        command_gone.wait(grace)
    # Again and again: what is orphaned or started meanwhile comes to us.
    while not nothing_left.wait(0.01):
        for pid in descendants(os.getpid(), parents()):
            signal_quietly(pid, signal.SIGKILL)


def main(grace: float, argv: list[str]) -> None:
    # Ctrl-C and a polite end of the group are for the tests to act upon.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    # Kept by name to the end: a Popen object that is let go reaps its process.
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=2,
        start_new_session=True,
        preexec_fn=before_command,  # noqa: PLW1509 - no other thread runs yet
    )
    command = child.pid
    tell(f"pid {command}")
    command_gone, nothing_left = threading.Event(), threading.Event()
    ending = threading.Thread(
        target=end_all, args=[command, grace, command_gone, nothing_left]
    )
    ending.start()
    report_exits(command, command_gone)
    nothing_left.set()
    ending.join()


def before_command() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # Should the guardian itself be killed, its command goes too. Only its main
    # thread starts processes, so this does not fire early.
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        tell(f"error {error}")
        sys.exit(127)
