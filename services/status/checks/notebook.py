"""A user's notebook server, reached as a user reaches it: through the public proxy."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from jupyterhub_suite.services.errors import SettingError

from .base import CheckFailed, Site
from .kernel import KERNEL_DIED, Kernel

# How long a route may take from the Hub's word to every replica of the proxy.
ROUTE_PATIENCE = 10


def public_address(public_url: str, path: str) -> str:
    """A server's path at the public host."""
    parts = urlsplit(public_url)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def missing_route(response: httpx.Response, hub_path: str) -> bool:
    """Did the Hub answer where the server should have?

    What no route takes goes to the Hub, which sends it to a page of its own. A
    server that wants a login sends it to the Hub's OAuth instead.
    """
    target = urlsplit(response.headers.get("Location", "")).path
    return target.startswith(hub_path) and "/oauth2/" not in target


class NotebookServer:
    """Jupyter Server's REST API, below one user's public address."""

    def __init__(self, site: Site, path: str) -> None:
        self._site = site
        self.path = path
        self.url = public_address(site.public_url, path)
        self._hub_path = urlsplit(site.public_url).path + "hub/"

    async def open(self) -> None:
        """See that the public proxy leads to this server."""
        deadline = time.monotonic() + ROUTE_PATIENCE
        while True:
            response = await self._send("GET", "api/status")
            if response.is_success and "application/json" in response.headers.get(
                "Content-Type", ""
            ):
                return
            if time.monotonic() > deadline:
                raise CheckFailed(self._why_not_open(response))
            await asyncio.sleep(0.25)

    def _why_not_open(self, response: httpx.Response) -> str:
        status = response.status_code
        if missing_route(response, self._hub_path):
            return (
                f"The proxy has no route to {self.path}: requests for it reach the"
                f" Hub. Compare the proxy's routes with the Hub's (POST /hub/api/proxy)"
            )
        if status in (401, 403):
            return (
                f"{self.path} answered {status}: the token of this service needs the"
                " scope access:servers for this user"
            )
        return f"{self.path} answered {status} through {self._site.public_url}"

    async def start_kernel(self) -> Kernel:
        """A kernel that answers; one that dies on the way is noticed."""
        started = await self._call("POST", "api/kernels", json={})
        path = f"api/kernels/{started['id']}"
        channels = f"{self.url}{path}/channels"
        opening = asyncio.create_task(
            Kernel.open(channels, self._site.token, self._site.tls)
        )
        watching = asyncio.create_task(self._watch(path))
        try:
            await asyncio.wait({opening, watching}, return_when=asyncio.FIRST_COMPLETED)
            return (opening if opening.done() else watching).result()
        finally:
            for task in (opening, watching):
                task.cancel()
            await asyncio.gather(opening, watching, return_exceptions=True)

    async def _watch(self, path: str) -> NoReturn:
        """Jupyter Server restarts a kernel that died some times, then forgets it."""
        while True:
            await asyncio.sleep(1)
            response = await self._send("GET", path)
            if response.status_code == 404 or "dead" in response.text:
                raise CheckFailed(KERNEL_DIED)

    async def write(self, path: str, text: str) -> None:
        body = {"type": "file", "format": "text", "content": text}
        await self._call("PUT", f"api/contents/{quote(path)}", json=body)

    async def read(self, path: str) -> str:
        options = {"type": "file", "format": "text"}
        found = await self._call("GET", f"api/contents/{quote(path)}", params=options)
        return str(found["content"])

    async def delete(self, path: str) -> None:
        await self._call("DELETE", f"api/contents/{quote(path)}")

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        response = await self._send(method, path, **request)
        if not response.is_success:
            raise CheckFailed(
                f"{method} {self.path}{path.partition('/channels')[0]} answered"
                f" {response.status_code}: {reason(response)}"
            )
        return response.json() if response.content else None

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self._site.token}"}
        return await self._site.web.request(
            method, self.url + path, headers=headers, **request
        )


def reason(response: httpx.Response) -> str:
    """Jupyter Server says what went wrong in its JSON, with the cause in it."""
    try:
        said = response.json()
        return str(said.get("reason") or said.get("message") or response.reason_phrase)
    except (ValueError, AttributeError):
        return response.reason_phrase


def code_cells(path: str) -> Iterator[str]:
    """The cells of a notebook that can be run."""
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(
            f"notebook is {path!r}, which cannot be read: {error}"
        ) from None
    for cell in cells:
        if cell.get("cell_type") == "code":
            source = cell["source"]
            yield source if isinstance(source, str) else "".join(source)
