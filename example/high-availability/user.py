"""A user who logs in, starts a server and a kernel in it, and gets a token for more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from jupyterhub_suite.services.status.checks.kernel import Kernel

PATIENCE = 120


@dataclass(frozen=True)
class User:
    origin: str
    name: str
    token: str
    kernel: str

    @property
    def channels(self) -> str:
        """The WebSocket of the kernel, with http."""
        return f"{self.origin}/user/{self.name}/api/kernels/{self.kernel}/channels"

    async def run(self, code: str) -> str:
        kernel = await Kernel.open(self.channels, self.token, None)
        try:
            return await kernel.run(code)
        finally:
            kernel.close()


async def at_work(origin: str, name: str, password: str) -> User:
    """As with a browser, up to where the load takes over."""
    async with httpx.AsyncClient(
        base_url=origin, timeout=PATIENCE, trust_env=False, follow_redirects=True
    ) as browser:
        await log_in(browser, name, password)
        await start_server(browser, name)
        answer = await post(browser, f"/hub/api/users/{name}/tokens", expires_in=3600)
        token = answer.json()["token"]
        browser.headers["Authorization"] = f"token {token}"
        answer = await browser.post(f"/user/{name}/api/kernels", json={})
        answer.raise_for_status()
        return User(origin, name, token, answer.json()["id"])


async def log_in(browser: httpx.AsyncClient, name: str, password: str) -> None:
    await reached(browser)
    form = {"username": name, "password": password, "_xsrf": xsrf_token(browser)}
    answer = await browser.post("/hub/login?next=/hub/home", data=form)
    if answer.is_error or answer.url.path != "/hub/home":
        raise ValueError(f"{name} cannot log in: {answer.status_code} {answer.url}")


async def reached(browser: httpx.AsyncClient) -> None:
    """A Hub that has just started is well before its own route is everywhere."""
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    while (answer := await browser.get("/hub/login")).is_error:
        if clock() > end:
            raise ValueError(f"{answer.url} answers {answer.status_code}")
        await asyncio.sleep(0.2)


async def start_server(browser: httpx.AsyncClient, name: str) -> None:
    """Also if it runs already."""
    answer = await browser.get(f"/hub/api/users/{name}")
    if not answer.json()["servers"]:
        await post(browser, f"/hub/api/users/{name}/server")
    await asyncio.wait_for(ready(browser, name), PATIENCE)


async def ready(browser: httpx.AsyncClient, name: str) -> None:
    while True:
        answer = await browser.get(f"/hub/api/users/{name}")
        servers = answer.json()["servers"]
        if not servers:
            raise ValueError(f"the server of {name} did not start: see the Hub's log")
        if servers[""]["ready"]:
            return
        await asyncio.sleep(0.2)


async def post(browser: httpx.AsyncClient, path: str, **body: object) -> httpx.Response:
    headers = {"X-XSRFToken": xsrf_token(browser)}
    answer = await browser.post(path, json=body, headers=headers)
    answer.raise_for_status()
    return answer


def xsrf_token(browser: httpx.AsyncClient) -> str:
    return browser.cookies.get("_xsrf", path="/hub/") or ""
