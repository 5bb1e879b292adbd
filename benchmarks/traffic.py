"""What passes through the proxies: requests, large bodies, WebSocket messages.

    python benchmarks/traffic.py [--quick] [--only file,chp,none] [--runs 3]

`10_first` is requests a second to the first of ten routes, and so on.
"""

from __future__ import annotations

import asyncio
import re
import subprocess

import runs
import websockets
from contestants import CONTESTANTS
from parts import TEN_MEBIBYTES, Hub, all_parts, running_hub

NO_PROXY = "none"
CONNECTIONS = 50


class Load:
    """wrk, for so many seconds a figure."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    async def requests(self, url: str, connections: int = CONNECTIONS) -> float:
        wrk = await asyncio.create_subprocess_exec(
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={self.seconds}s",
            "--timeout=30s",
            url,
            stdout=subprocess.PIPE,
        )
        output = (await wrk.communicate())[0].decode()
        found = re.search(r"Requests/sec:\s+([\d.]+)", output)
        # Errors are cheap to serve: a figure that holds any is worth nothing.
        if not found or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(f"wrk did not get what it asked {url} for:\n{output}")
        return float(found[1])

    async def all_of(self, base: str, echo: str) -> runs.Figures:
        big = await self.requests(f"{base}/user/student-0/big", connections=4)
        socket = f"ws{echo.removeprefix('http')}"
        return {
            "body_mib_s": big * TEN_MEBIBYTES / 1024**2,
            "websocket_round_trip": await websockets.round_trip(socket, self.seconds),
            "websocket_messages_s": await websockets.round_trips(
                socket, CONNECTIONS, self.seconds
            ),
        }


async def measure(name: str, sizes: list[int], load: Load) -> runs.Figures:
    if name == NO_PROXY:
        return await measure_nothing(load)
    contestant = CONTESTANTS[name]
    with all_parts() as parts, websockets.echo() as echo:
        target, hub_url = parts.web()
        async with running_hub(contestant, parts, target, hub_url) as hub:
            await hub.ask("start")
            await hub.ask("route", "/user/echo/", echo)
            figures: runs.Figures = {}
            present = 0
            for size in sizes:
                if size <= contestant.most_routes:
                    await add_up_to(hub, present, size)
                    present = size
                    figures |= await by_route(hub.public_url, size, load)
            figures |= await load.all_of(hub.public_url, f"{hub.public_url}/user/echo/")
    return figures


async def measure_nothing(load: Load) -> runs.Figures:
    with all_parts() as parts, websockets.echo() as echo:
        target, _ = parts.web()
        direct = await load.requests(f"{target}/user/student-0/")
        return {"direct": direct, **await load.all_of(target, f"{echo}/")}


async def add_up_to(hub: Hub, present: int, size: int) -> None:
    added = await hub.ask("add", present, size - present)
    if added["failed"]:
        raise RuntimeError(f"{added['failed']} routes not added: {added['errors']}")


async def by_route(base: str, size: int, load: Load) -> runs.Figures:
    paths = {
        "first": "/user/student-0/",
        "middle": f"/user/student-{size // 2}/",
        "last": f"/user/student-{size - 1}/",
        "hub": "/hub/home",
    }
    return {
        f"{size}_{where}": await load.requests(f"{base}{path}")
        for where, path in paths.items()
    }


def main() -> None:
    parser = runs.arguments("Measure what passes through the proxies.")
    parser.set_defaults(only="file,chp,peer-file,none")
    parser.add_argument("--seconds", type=int, default=5, help="for each figure")
    parser.add_argument(
        "--routes", default="10,1000,10000", help="how many there are, in turn"
    )
    options = parser.parse_args()
    if options.quick:
        options.runs, options.routes, options.seconds = 1, "10,50", 1
    names = options.only.split(",")
    contestants = runs.chosen([name for name in names if name != NO_PROXY])
    sizes = [int(size) for size in options.routes.split(",")]
    load = Load(options.seconds)
    figures = asyncio.run(
        runs.interleaved(
            runs.turns(names, options), lambda name: measure(name, sizes, load)
        )
    )
    if options.output or not options.quick:
        runs.write(
            options.output or runs.RESULTS / "traffic.json",
            contestants,
            figures,
            routes=sizes,
            seconds=options.seconds,
            connections=CONNECTIONS,
        )


if __name__ == "__main__":
    main()
