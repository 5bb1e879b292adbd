"""A Hub's process, as far as its proxy is concerned; told what to do on its stdin.

It runs in the environment of the proxy that is measured, so it uses JupyterHub and
the standard library only. A request is a line of JSON, `["add", 0, 1000]`; so is
each answer.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import time
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.utils import maybe_future
from traitlets.config import Config


class HubProcess:
    def __init__(self, settings: dict[str, Any], target: str) -> None:
        self.app = JupyterHub(config=Config(settings))
        self.target = target

    async def start(self) -> dict[str, Any]:
        started = time.perf_counter()
        await self.app.initialize([])
        self.proxy = self.app.proxy
        await maybe_future(self.proxy.start())
        await self.proxy.get_all_routes()
        await self.proxy.check_routes(self.app.users, self.app._service_map)
        return {"seconds": time.perf_counter() - started}

    async def stop(self) -> dict[str, Any]:
        await maybe_future(self.proxy.stop())
        return {}

    async def route(self, routespec: str, target: str) -> dict[str, Any]:
        await self.proxy.add_route(routespec, target, {})
        return {}

    async def add(self, first: int, count: int) -> dict[str, Any]:
        return await self._timed(
            *(self._add(spec(n)) for n in range(first, first + count))
        )

    async def delete(self, first: int, count: int) -> dict[str, Any]:
        return await self._timed(
            *(self.proxy.delete_route(spec(n)) for n in range(first, first + count))
        )

    async def until_answered(self, times: int) -> dict[str, Any]:
        """Add one route, wait for its first answer through the proxy; many times."""
        seconds = []
        for n in range(times):
            one = f"/user/one-{n}/"
            started = time.perf_counter()
            await self._add(one)
            # Traffic is asked, not our own code: there is no event to wait for.
            while not await self._answers(one):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            seconds.append(time.perf_counter() - started)
        for n in range(times):
            await self.proxy.delete_route(f"/user/one-{n}/")
        return {"seconds": statistics.median(seconds), "all": seconds}

    async def get_all(self, times: int) -> dict[str, Any]:
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            routes = await self.proxy.get_all_routes()
            seconds.append(time.perf_counter() - started)
        return {"seconds": statistics.median(seconds), "routes": len(routes)}

    async def _timed(self, *changes: Any) -> dict[str, Any]:
        # A full collection takes as long as a thousand routes: let it fall on nobody.
        gc.collect()
        started, cpu = time.perf_counter(), time.process_time()
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        failed = [repr(each) for each in outcomes if isinstance(each, BaseException)]
        return {
            "seconds": time.perf_counter() - started,
            "cpu": time.process_time() - cpu,
            "failed": len(failed),
            "errors": sorted(set(failed))[:3],
        }

    async def _add(self, routespec: str) -> None:
        data = {"user": routespec, "server_name": ""}
        await self.proxy.add_route(routespec, self.target, data)

    async def _answers(self, path: str) -> bool:
        """Only the target, never the Hub behind the default route, says 200."""
        host, port = self.app.bind_url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            request = (
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )
            writer.write(request.encode())
            return b" 200 " in await reader.readline()
        finally:
            writer.close()


def spec(n: int) -> str:
    return f"/user/student-{n}/"


async def main() -> None:
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    # Whatever the proxy prints belongs with its log.
    os.dup2(2, 1)
    given = json.loads(await reader.readline())
    hub = HubProcess(given["settings"], given["target"])
    while line := await reader.readline():
        name, *arguments = json.loads(line)
        answer = await getattr(hub, name)(*arguments)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
