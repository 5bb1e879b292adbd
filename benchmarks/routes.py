"""How fast routes change: ours over each store, and the peers, in turn.

    python benchmarks/routes.py [--quick] [--only file,chp] [--runs 3]

All figures are seconds; `cpu` is that of the Hub's process.
"""

from __future__ import annotations

import asyncio
from typing import Any

import runs
from contestants import CONTESTANTS
from parts import Hub, all_parts, running_hub

FEW = 10
SETTLE = 1.0


async def timed(hub: Hub, *request: Any) -> dict[str, Any]:
    """Ask, once what was asked before costs nobody anything any more."""
    await asyncio.sleep(SETTLE)
    return await hub.ask(*request)


async def measure(name: str, routes: int, many: int) -> runs.Figures:
    contestant = CONTESTANTS[name]
    with all_parts() as parts:
        target, hub_url = parts.web()
        async with running_hub(contestant, parts, target, hub_url) as hub:
            figures = {"start": (await hub.ask("start"))["seconds"]}
            figures |= await with_few(hub)
            figures |= await with_routes(hub, routes)
            if contestant.most_routes >= many:
                figures |= await with_many(hub, many)
    return figures


async def with_few(hub: Hub) -> runs.Figures:
    await timed(hub, "add", 0, FEW)
    one = await timed(hub, "until_answered", 9)
    await timed(hub, "delete", 0, FEW)
    return {"one_with_10": one["seconds"]}


async def with_routes(hub: Hub, routes: int) -> runs.Figures:
    added = await timed(hub, "add", 0, routes)
    listed = await timed(hub, "get_all", 20)
    one = await timed(hub, "until_answered", 5)
    deleted = await timed(hub, "delete", 0, routes)
    return {
        "add": added["seconds"],
        "add_failed": added["failed"],
        "list": listed["seconds"],
        "listed": listed["routes"],
        "one": one["seconds"],
        "delete": deleted["seconds"],
        "delete_failed": deleted["failed"],
        "cpu": added["cpu"] + deleted["cpu"],
    }


async def with_many(hub: Hub, many: int) -> runs.Figures:
    added = await timed(hub, "add", 0, many)
    one = await timed(hub, "until_answered", 3)
    deleted = await timed(hub, "delete", 0, many)
    return {
        "add_many": added["seconds"],
        "add_many_failed": added["failed"],
        "one_with_many": one["seconds"],
        "delete_many": deleted["seconds"],
    }


def main() -> None:
    parser = runs.arguments("Measure how fast routes change.")
    parser.add_argument("--routes", type=int, default=1_000, help="added at once")
    parser.add_argument("--many", type=int, default=10_000, help="added at once, too")
    options = parser.parse_args()
    contestants = runs.chosen(options.only.split(","))
    if options.quick:
        options.runs, options.routes, options.many = 1, 50, 200
    figures = asyncio.run(
        runs.interleaved(
            runs.turns([each.name for each in contestants], options),
            lambda name: measure(name, options.routes, options.many),
        )
    )
    if options.output or not options.quick:
        runs.write(
            options.output or runs.RESULTS / "routes.json",
            contestants,
            figures,
            routes=options.routes,
            many=options.many,
        )


if __name__ == "__main__":
    main()
