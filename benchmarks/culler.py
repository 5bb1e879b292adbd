"""Our culler and jupyterhub-idle-culler 2.0.0 at one real Hub, in turn.

    python benchmarks/culler.py sweep [--users 10000] [--servers 3000] [--rounds 5]
    python benchmarks/culler.py stop [--servers 200] [--concurrency 20] [--rounds 1]
    python benchmarks/culler.py docs

`sweep` stops nothing; `stop` stops servers that take a second each. Prints medians,
and the memory of each program: once it is loaded, and at most. `docs` runs both, and
writes what came of it into docs/culler.md.

A third program, `bare`, sends the Hub the same DELETEs at the same concurrency, and
does nothing else: what it takes is the Hub's own time. With `--hub-database memory`
the Hub's SQLite file lies in memory, where no commit waits for a disk.
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

from jupyterhub_suite.ports import free_port
from tests.harness.hub import RealHub
from tests.harness.processes import wait_for

DOCS = ROOT / "docs" / "culler.md"
BEGIN, END = "<!-- by benchmarks/culler.py docs -->", "<!-- end -->"
Figures = dict[str, float]
Results = dict[str, list[Figures]]

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
    parser.add_argument("what", choices=["sweep", "stop", "docs", "one"])
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--servers", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--timeout", type=int, default=86_400)
    parser.add_argument("--program", choices=["ours", "peer", "bare"])
    parser.add_argument("--hub-database", choices=["disk", "memory"], default="disk")
    parser.add_argument("--api-url")
    return parser.parse_args()


# One program, in a process of its own.


async def one(options: argparse.Namespace) -> None:
    run = {"ours": ours, "peer": peer, "bare": bare}[options.program]
    loaded, seconds = await run(options)
    print(json.dumps({"seconds": seconds, "loaded": loaded, "most": megabytes()}))


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def ours(options: argparse.Namespace) -> tuple[float, float]:
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
    loaded, began = megabytes(), time.perf_counter()
    await app.check_scopes()
    await app.sweeper.sweep()
    seconds = time.perf_counter() - began
    await app.cleanup()
    await app.hub.close()
    return loaded, seconds


async def bare(options: argparse.Namespace) -> tuple[float, float]:
    import httpx

    headers = {"Authorization": f"token {TOKEN}"}
    names = (f"user-{number:05}" for number in range(options.servers))
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:

        async def work() -> None:
            for name in names:
                url = f"{options.api_url}/users/{name}/server"
                (await http.delete(url)).raise_for_status()

        loaded, began = megabytes(), time.perf_counter()
        await asyncio.gather(*(work() for _ in range(options.concurrency)))
        return loaded, time.perf_counter() - began


async def peer(options: argparse.Namespace) -> tuple[float, float]:
    from jupyterhub_idle_culler import cull_idle

    loaded, began = megabytes(), time.perf_counter()
    await cull_idle(
        options.api_url,
        TOKEN,
        inactive_limit=options.timeout,
        logger=logging.getLogger("peer"),
        concurrency=options.concurrency,
    )
    return loaded, time.perf_counter() - began


def run_program(program: str, hub: RealHub, **options: int) -> Figures:
    words = [sys.executable, __file__, "one", "--program", program]
    words += ["--api-url", hub.api_url]
    words += [f"--{name}={value}" for name, value in options.items()]
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


async def sweep(options: argparse.Namespace, folder: Path) -> Results:
    servers, rounds = options.servers or 3000, options.rounds or 5
    async with prepare(folder, options.users, servers) as hub:
        await all_up(hub, servers)
        results: Results = {"ours": [], "peer": []}
        for _ in range(rounds):
            for program, seen in results.items():
                seen.append(run_program(program, hub, timeout=86_400))
    report(f"{options.users} users, {servers} running, nothing to stop", results)
    return results


async def stop(options: argparse.Namespace, folder: Path) -> Results:
    servers, rounds = options.servers or 200, options.rounds or 1
    async with prepare(folder, servers, 0) as hub:
        programs = [options.program] if options.program else ["ours", "bare", "peer"]
        results: Results = {program: [] for program in programs}
        for number in range(rounds):
            for program, seen in results.items():
                if program == "peer" and number:
                    continue  # minutes, and hardly different ones
                await start_all(hub, servers)
                before = await hub.api("GET", "/test/counts")
                how = {"concurrency": options.concurrency, "servers": servers}
                seen.append(run_program(program, hub, timeout=3600, **how))
                counts = await hub.api("GET", "/test/counts")
                assert counts["stops"] - before["stops"] == servers, counts
    report(
        f"{servers} servers of 1 s each, {options.concurrency} at once,"
        f" the Hub's database on {options.hub_database}",
        results,
    )
    return results


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


def report(title: str, results: Results) -> None:
    print(title)
    for program, seen in results.items():
        print(
            f"  {program}: {median(seen, 'seconds'):.2f} s (median of {len(seen)}),"
            f" {median(seen, 'loaded'):.0f} MB loaded,"
            f" {median(seen, 'most'):.0f} MB at most"
        )


def median(seen: list[Figures], figure: str) -> float:
    return statistics.median(each[figure] for each in seen)


def run(options: argparse.Namespace, **changes: Any) -> Results:
    options = argparse.Namespace(**{**vars(options), **changes})
    act = {"sweep": sweep, "stop": stop}[options.what]
    where = "/dev/shm" if options.hub_database == "memory" else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        return asyncio.run(act(options, Path(folder) / "hub"))


# What comes of it, in the documents.


def write_docs(options: argparse.Namespace) -> None:
    idle = run(options, what="sweep", rounds=3)
    disk = run(options, what="stop", rounds=2)
    programs = {"what": "stop", "rounds": 2, "hub_database": "memory"}
    memory = {
        program: run(options, **programs, program=program)[program]
        for program in ("ours", "bare")
    }
    rows = [
        row("a sweep that stops nothing, 10,000 users, 3,000 running servers", idle),
        row("200 servers that take a second each, 20 at once", disk),
        row("the same, with the Hub's database in memory", memory),
        row("memory once it is loaded", idle, "loaded", "{:.0f} MB"),
        row("memory at most, in that idle sweep", idle, "most", "{:.0f} MB"),
    ]
    head = ["| | ours | jupyterhub-idle-culler | the Hub alone |", "|---|---|---|---|"]
    text = DOCS.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join([*head, *rows])
    DOCS.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def row(
    title: str, results: Results, figure: str = "seconds", how: str = "{:.2f} s"
) -> str:
    cells = [
        how.format(median(results[program], figure)) if program in results else ""
        for program in ("ours", "peer", "bare")
    ]
    return f"| {' | '.join([title, *cells])} |"


def main() -> None:
    options = parse()
    if options.what == "one":
        asyncio.run(one(options))
    elif options.what == "docs":
        write_docs(options)
    else:
        run(options)


if __name__ == "__main__":
    main()
