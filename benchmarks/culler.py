"""Our culler and jupyterhub-idle-culler 2.0.0 at one real Hub, in turn.

    python benchmarks/culler.py sweep [--users 10000] [--servers 3000] [--rounds 5]
    python benchmarks/culler.py stop [--servers 200] [--concurrency 20] [--rounds 1]

`sweep` stops nothing; `stop` stops servers that take a second each. Prints medians,
their ratio, and the largest memory of each program.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.harness.hub import RealHub
from tests.harness.ports import free_port
from tests.harness.processes import wait_for

TOKEN = "token-of-the-benchmark"
CONFIGURATION = """
import sys
sys.path.append({benchmarks!r})
from culler_hub import NoProxy
from tests.services.culler.inhub import HANDLERS, SharedSpawner, serve_at
serve_at({port})
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.spawner_class = SharedSpawner
c.JupyterHub.extra_handlers = HANDLERS
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.last_activity_interval = 3600
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.active_server_limit = 0
c.JupyterHub.services = [dict(name="culler", api_token={token!r})]
c.JupyterHub.load_roles = [dict(
    name="culler", services=["culler"],
    scopes=["list:users", "read:users:activity", "read:servers", "delete:servers"],
)]
"""


class BenchmarkHub(RealHub):
    async def start(self) -> Any:
        """There is no proxy: the Hub is asked at its own address."""
        self.url = self.hub_origin + self.base_path
        await super().start()
        return self


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["sweep", "stop", "one"])
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--servers", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--timeout", type=int, default=86_400)
    parser.add_argument("--program", choices=["ours", "peer"])
    parser.add_argument("--api-url")
    return parser.parse_args()


# One program, in a process of its own.


async def one(options: argparse.Namespace) -> None:
    run = {"ours": ours, "peer": peer}[options.program]
    seconds = await run(options)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": memory}))


async def ours(options: argparse.Namespace) -> float:
    from jupyterhub_suite.services.culler.app import CullerService

    app = CullerService(log_level=logging.WARNING)
    app.initialize(
        [
            f"--url={options.api_url}",
            f"--timeout={options.timeout}",
            f"--concurrency={options.concurrency}",
            f"--CullerService.api_token={TOKEN}",
            "--CullerService.max_share=0",
        ]
    )
    await app.setup()
    began = time.perf_counter()
    await app.check_scopes()
    await app.sweeper.sweep()
    seconds = time.perf_counter() - began
    await app.cleanup()
    await app.hub.close()
    return seconds


async def peer(options: argparse.Namespace) -> float:
    from jupyterhub_idle_culler import cull_idle

    began = time.perf_counter()
    await cull_idle(
        options.api_url,
        TOKEN,
        inactive_limit=options.timeout,
        logger=logging.getLogger("peer"),
        concurrency=options.concurrency,
    )
    return time.perf_counter() - began


def run_program(program: str, hub: RealHub, timeout: int, concurrency: int) -> Any:
    words = [sys.executable, __file__, "one", "--program", program]
    words += ["--api-url", hub.api_url, "--timeout", str(timeout)]
    words += ["--concurrency", str(concurrency)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, text=True, check=True, cwd=folder
        )
    return json.loads(done.stdout.splitlines()[-1])


# The Hub that both are let loose on.


def prepare(folder: Path, users: int, servers: int) -> BenchmarkHub:
    port = free_port()
    hub = BenchmarkHub(folder)
    hub._text = CONFIGURATION.format(
        benchmarks=str(ROOT / "benchmarks"), port=port, token=TOKEN
    )
    folder.mkdir(parents=True, exist_ok=True)
    database = f"sqlite:///{folder}/jupyterhub.sqlite"
    script = [sys.executable, str(ROOT / "benchmarks" / "culler_hub.py"), database]
    subprocess.run([*script, str(users), str(servers), str(port)], check=True)
    return hub


async def all_up(hub: RealHub, servers: int) -> None:
    async def ready() -> bool:
        counts = await hub.api("GET", "/test/counts")
        return counts["up"] >= servers

    await wait_for(ready, what=f"{servers} servers", deadline=300)


async def sweep(options: argparse.Namespace, folder: Path) -> None:
    servers, rounds = options.servers or 3000, options.rounds or 5
    async with prepare(folder, options.users, servers) as hub:
        await all_up(hub, servers)
        results: dict[str, list[Any]] = {"ours": [], "peer": []}
        for _ in range(rounds):
            for program, seen in results.items():
                seen.append(run_program(program, hub, 86_400, 10))
    report(f"{options.users} users, {servers} running, nothing to stop", results)


async def stop(options: argparse.Namespace, folder: Path) -> None:
    servers, rounds = options.servers or 200, options.rounds or 1
    async with prepare(folder, servers, 0) as hub:
        programs = [options.program] if options.program else ["ours", "peer"]
        results: dict[str, list[Any]] = {program: [] for program in programs}
        for _ in range(rounds):
            for program, seen in results.items():
                await start_all(hub, servers)
                seen.append(run_program(program, hub, 3600, options.concurrency))
                counts = await hub.api("GET", "/test/counts")
                print(program, seen[-1], counts)
    report(f"{servers} servers of 1 s each, {options.concurrency} at once", results)


async def start_all(hub: RealHub, servers: int) -> None:
    names = [f"user-{number:05}" for number in range(servers)]
    for name in names:
        await hub.api("POST", f"/users/{name}/server", json={"stop_seconds": 1})
    await all_up(hub, servers)
    wishes = [
        {"user": name, "server": "", "last_activity": 4000, "started": 9000}
        for name in names
    ]
    await hub.api("POST", "/test/times", json=wishes)


def report(title: str, results: dict[str, list[Any]]) -> None:
    print(title)
    medians = {}
    for program, seen in results.items():
        medians[program] = statistics.median(each["seconds"] for each in seen)
        memory = max(each["megabytes"] for each in seen)
        print(f"  {program}: {medians[program]:.2f} s (median), {memory:.0f} MB")
    if len(medians) == 2:
        print(f"  peer/ours: {medians['peer'] / medians['ours']:.2f}")


def main() -> None:
    options = parse()
    if options.what == "one":
        asyncio.run(one(options))
        return
    act = {"sweep": sweep, "stop": stop}[options.what]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(act(options, Path(folder) / "hub"))


if __name__ == "__main__":
    main()
