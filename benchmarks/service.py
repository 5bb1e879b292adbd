"""How soon a service gives its first answer, and what memory it then takes.

    python benchmarks/service.py [RUNS]

Starts the five-line service of the tests, and beside it a bare tornado server and
a process that only loads JupyterHub's OAuth library, in turn. Prints medians.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from jupyterhub_suite.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
TORNADO = """
import asyncio, sys
from tornado.web import Application, RequestHandler

async def main():
    Application([("/.*", RequestHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""
OAUTH = "import jupyterhub.services.auth\n" + TORNADO


def programs(port: int) -> dict[str, Sequence[str]]:
    service = ["-m", "tests.services.five_lines", f"--url=http://127.0.0.1:{port}"]
    return {
        "the five-line service": service,
        "JupyterHub's OAuth library and tornado": ["-c", OAUTH, str(port)],
        "bare tornado": ["-c", TORNADO, str(port)],
    }


def measure(arguments: Sequence[str], port: int) -> tuple[float, float]:
    """Seconds to the first answer, and megabytes that are resident after it."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTERHUB_API_URL": "http://127.0.0.1:1/hub/api",
        "JUPYTERHUB_API_TOKEN": "unused",
    }
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_answer(port, process)
        seconds = time.perf_counter() - started
        return seconds, resident(process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    request = b"GET /services/hello/nowhere HTTP/1.0\r\n\r\n"
    while process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(request)
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.005)
    raise SystemExit("the program ended before it answered")


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the kernel does not tell how much memory a process takes")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    figures: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        for name in programs(0):
            port = free_port()
            figures.setdefault(name, []).append(measure(programs(port)[name], port))
    print(f"medians of {runs} runs, in turn")
    for name, measured in figures.items():
        seconds, megabytes = (
            statistics.median(column) for column in zip(*measured, strict=True)
        )
        print(f"{name:<40} {seconds:5.2f} s {megabytes:6.0f} MB")


if __name__ == "__main__":
    main()
