"""Kills one part after another while a user works, and says what the user noticed.

Read on: sites (what is broken), user and load (who works there), watch (who is back).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from load import WEBSOCKETS, Load, Noticed
from sites import Compose, Local, Site
from user import User, at_work
from watch import Seen, look

from jupyterhub_suite.services.status.checks.base import CheckFailed

LEADER = "etcd-leader"
PARTS = ["traefik-1", LEADER, "entrypoint-1", "status-1", "postgres", "hub"]
PATIENCE = 90.0
MEMORY = "6 * 7"


@dataclass(frozen=True)
class Row:
    part: str
    noticed: Noticed
    seconds: str

    @property
    def clean(self) -> bool:
        return not (self.noticed.failed or self.noticed.closed)

    def __str__(self) -> str:
        noticed = self.noticed
        return (
            f"{self.part:<14}{noticed.requests:>9}{len(noticed.failed):>8}"
            f"{noticed.slowest:>9.2f} s{len(noticed.closed):>19}"
            f"{noticed.moved:>8}{self.seconds:>13}"
        )


HEADING = (
    f"{'killed':<14}{'requests':>9}{'failed':>8}{'slowest':>11}"
    f"{'WebSockets closed':>19}{'moved':>8}{'back after':>13}"
)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        site = Compose() if options.compose else Local(options.port)
        return asyncio.run(break_all(site, options))
    except (ValueError, OSError, httpx.HTTPError, CheckFailed) as error:
        sys.stderr.write(f"break.sh: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "break.sh", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("parts", nargs="*", help=f"default: {' '.join(PARTS)}")
    parser.add_argument("--compose", action="store_true", help="break the containers")
    parser.add_argument("--quick", action="store_true", help="short pauses")
    parser.add_argument("--rate", type=float, default=150, help="requests a second")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"))
    return parser.parse_args(arguments)


async def break_all(site: Site, options: argparse.Namespace) -> int:
    pause = 1.0 if options.quick else 4.0
    parts = options.parts or PARTS
    refuse_unknown(parts, look(site.address("balancer:8404")))
    origin = f"http://{site.address('balancer:8000')}"
    user = await at_work(origin, "breaker", site.password())
    await user.run(f"memory = {MEMORY}")
    say(
        f"{user.name} works: {options.rate:g} requests a second to the own server and"
        f" both services, {WEBSOCKETS} WebSockets to a kernel.\n\n{HEADING}"
    )
    load = Load(user, options.rate)
    rows = []
    async with load.running():
        await asyncio.sleep(2 * pause)
        rows.append(Row("(nothing)", load.take(), ""))
        say(str(rows[-1]))
        for part in parts:
            rows.append(await break_one(site, part, load, pause))
            say(str(rows[-1]))
    return await verdict(user, rows)


def refuse_unknown(parts: Iterable[str], seen: Mapping[str, Seen]) -> None:
    if not seen:
        raise ValueError("the balancer does not answer: does the site run?")
    known = [LEADER, *sorted(seen)]
    for part in parts:
        if part not in known:
            raise ValueError(f"there is no part {part!r}: {', '.join(known)}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def break_one(site: Site, part: str, load: Load, pause: float) -> Row:
    watched = site.address("balancer:8404")
    if part == LEADER:
        part = await asyncio.to_thread(leader, site.address("prometheus:9090"))
    before = await everybody_up(watched)
    load.victim = part
    clock = asyncio.get_running_loop().time
    killed = clock()
    await asyncio.to_thread(site.kill, part)
    seconds = await back(watched, part, before[part], killed)
    await asyncio.sleep(pause)
    return Row(part, load.take(), seconds)


async def everybody_up(watched: str) -> dict[str, Seen]:
    clock = asyncio.get_running_loop().time
    started = clock()
    while True:
        seen = await asyncio.to_thread(look, watched)
        if seen and all(part.up for part in seen.values()):
            return seen
        if clock() > started + PATIENCE:
            down = [name for name, part in seen.items() if not part.up]
            raise ValueError(f"down: {', '.join(down) or 'the balancer'}")
        await asyncio.sleep(0.1)


async def back(watched: str, part: str, before: Seen, killed: float) -> str:
    """How long the part was away, as the balancer saw it."""
    clock = asyncio.get_running_loop().time
    while (gone := clock() - killed) < PATIENCE:
        seen = (await asyncio.to_thread(look, watched)).get(part)
        if seen and seen.up and seen.failed_checks > before.failed_checks:
            return f"{gone:.1f} s"
        await asyncio.sleep(0.05)
    raise ValueError(f"{part} is not back after {PATIENCE:g} s: see its log")


def leader(prometheus: str) -> str:
    query = quote("etcd_server_is_leader == 1")
    url = f"http://{prometheus}/api/v1/query?query={query}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        found = json.load(answer)["data"]["result"]
    if not found:
        raise ValueError("Prometheus knows of no leader of etcd: try again in a moment")
    part: str = found[0]["metric"]["part"]
    return part


async def verdict(user: User, rows: list[Row]) -> int:
    remembered = await user.run("print(memory)") == "42\n"
    say(
        f"\nThe kernel {'still knows' if remembered else 'has forgotten'} what it was"
        " told before."
    )
    trouble = [row for row in rows if not row.clean]
    for row in trouble:
        say(f"\n{row.part}:")
        for what in [*row.noticed.failed, *row.noticed.closed][:20]:
            say(f"  {what}")
    say("" if trouble else "The user noticed nothing.")
    return 1 if trouble or not remembered else 0


if __name__ == "__main__":
    sys.exit(main())
