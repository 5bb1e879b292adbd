"""The Hub's REST API, as a client for JupyterHub 5 and 6."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from .errors import (
    HubAnswerInvalid,
    HubConflict,
    HubError,
    HubFailed,
    HubMissing,
    HubRefused,
    HubUnreachable,
    SettingError,
)

# Asks for {"items": […], "_pagination": {…}} where a list would come.
PAGED = {"Accept": "application/jupyterhub-pagination+json"}

ERRORS: dict[int, type[HubError]] = {
    401: HubRefused,
    403: HubRefused,
    404: HubMissing,
    409: HubConflict,
}


def api_path(*parts: str) -> str:
    """Join names into a path, each quoted, so that no name can leave its place.

    Dots are, too: `users/alice/servers/..` would be `users/alice` on its way.
    """
    return "/".join(quote(part, safe="").replace(".", "%2E") for part in parts)


def error_for(status: int) -> type[HubError]:
    return ERRORS.get(status, HubFailed if status >= 500 else HubError)


class HubClient:
    """Calls to the Hub: bounded in number, and retried where that is safe.

    Paths are made with `api_path`. Every failure is a `HubError`, and the token
    is in none of them.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        tls: ssl.SSLContext | None = None,
        concurrency: int = 10,
        timeout: float = 30,
        attempts: int = 5,
        longest_wait: float = 8,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/") + "/"
        self._slots = asyncio.Semaphore(concurrency)
        # What the Hub's clock said in its last answer.
        self.hub_time: datetime | None = None
        self._attempts = attempts
        self._longest_wait = longest_wait
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=authorization(token),
            timeout=timeout,
            transport=transport,
            verify=tls or True,
            # The Hub is a neighbour: nothing of the environment stands between.
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"HubClient({self.url!r})"

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        """Read; repeated on connection errors and 5xx, as reading changes nothing."""
        return await self._read(path, params, {})

    async def ping(self) -> None:
        """Does the Hub answer, here and now? Tried once, with little patience."""
        await self._send("GET", "", timeout=5)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._send("POST", path, json=body)

    async def put(self, path: str, body: Any = None) -> Any:
        return await self._send("PUT", path, json=body)

    async def patch(self, path: str, body: Any = None) -> Any:
        return await self._send("PATCH", path, json=body)

    async def delete(self, path: str, body: Any = None) -> Any:
        return await self._send("DELETE", path, json=body)

    async def events(self, path: str) -> AsyncIterator[Any]:
        """What an endpoint tells as it happens, such as a server's progress."""
        headers = {"Accept": "text/event-stream"}
        with map_errors("GET", self.url + path):
            async with self._http.stream("GET", path, headers=headers) as response:
                if response.is_error:
                    await response.aread()
                    read_answer(response)
                async for line in response.aiter_lines():
                    if line.startswith("data:"):
                        yield read_event(path, line)

    async def pages(
        self, path: str, *, page_size: int | None = None, **params: Any
    ) -> AsyncIterator[Any]:
        """Every item of a list, however many pages the Hub makes of it."""
        offset = 0
        if page_size:
            params["limit"] = page_size
        while True:
            page = await self._read(path, {**params, "offset": offset}, PAGED)
            items, following = read_page(page, offset)
            for item in items:
                yield item
            if following is None:
                return
            offset = following

    async def _read(
        self, path: str, params: dict[str, Any], headers: dict[str, str]
    ) -> Any:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((HubUnreachable, HubFailed)),
            stop=stop_after_attempt(self._attempts),
            wait=wait_random_exponential(multiplier=0.2, max=self._longest_wait),
            reraise=True,
        ):
            with attempt:
                return await self._send("GET", path, params=params, headers=headers)

    async def _send(self, method: str, path: str, **request: Any) -> Any:
        async with self._slots:
            with map_errors(method, self.url + path):
                response = await self._http.request(method, path, **request)
        self.hub_time = read_date(response) or self.hub_time
        return read_answer(response)


def authorization(token: str) -> dict[str, str]:
    """The header for a token; refused here, as httpx would quote it in its error."""
    if not token.isascii() or not token.isprintable() or token != token.strip():
        raise SettingError("api_token has characters that no token of a Hub has")
    return {"Authorization": f"token {token}"} if token else {}


def read_page(page: Any, offset: int) -> tuple[list[Any], int | None]:
    """The items of a page, and the offset of the next one if there is one."""
    if isinstance(page, list):
        return page, None  # before JupyterHub 5, or a list that is not paged
    try:
        items, pagination = page["items"], page["_pagination"]
        following, total = pagination["next"], pagination.get("total")
        after = None if following is None else int(following["offset"])
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise HubAnswerInvalid(f"The Hub sent a page without {error}") from None
    if after is not None and (after <= offset or (total and after > total)):
        raise HubAnswerInvalid(f"The Hub's page after {offset} begins at {after}")
    return items, after


def read_date(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["Date"])
    except (LookupError, ValueError):
        return None


def read_answer(response: httpx.Response) -> Any:
    """The answer's data, or the error that its status stands for."""
    called = f"{response.request.method} {response.request.url.path}"
    if response.is_error:
        reason = _reason(response)
        raise error_for(response.status_code)(
            f"{called}: {response.status_code} {reason}"
        )
    if not response.content:
        return None
    if "text/event-stream" in response.headers.get("Content-Type", ""):
        return response.text
    try:
        return response.json()
    except ValueError:
        raise HubAnswerInvalid(f"{called}: the answer is not JSON") from None


def read_event(path: str, line: str) -> Any:
    try:
        return json.loads(line.removeprefix("data:"))
    except ValueError:
        raise HubAnswerInvalid(f"GET {path}: an event is not JSON") from None


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"]) or response.reason_phrase
    except (ValueError, LookupError, TypeError):
        return response.reason_phrase


@contextmanager
def map_errors(method: str, url: str) -> Iterator[None]:
    """Turn httpx's errors into ours, so that no caller needs to know httpx."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise HubUnreachable(f"{method} {url}: no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise HubUnreachable(f"{method} {url}: {reason}") from error
