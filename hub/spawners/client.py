"""Asks the entrypoint service, in time or not at all."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from .errors import EntrypointRefused, EntrypointUnavailable

# Answers that are about the selection; all others are about the service.
REFUSALS = {404, 409, 410, 422}
AWAY = "The entrypoint service did not answer, so your server was not started."


class EntrypointClient:
    """One question at a time; the token is in no error and no log."""

    def __init__(
        self,
        url: str,
        token: str,
        timeout: float,
        tls: ssl.SSLContext | None = None,
        page: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._tls = tls
        self._page = page

    def __repr__(self) -> str:
        return f"EntrypointClient({self._url!r})"

    async def selected(
        self, user: str, system: str, groups: Sequence[str], **params: str
    ) -> dict[str, Any]:
        """The selection and what it sets; empty if nothing is selected."""
        path = f"hub/users/{quote(user, safe='')}/systems/{quote(system, safe='')}"
        return await self._get(path, told(groups) | params)

    async def entrypoints(
        self, user: str, system: str, groups: Sequence[str]
    ) -> list[dict[str, Any]]:
        """All that the user can pick from on a system."""
        path = f"hub/users/{quote(user, safe='')}/systems/{quote(system, safe='')}"
        answer = await self._get(f"{path}/entrypoints", told(groups) | {"limit": "200"})
        return answer["items"]

    async def systems(self) -> list[dict[str, str]]:
        return await self._get("hub/systems", {})

    async def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        try:
            async with httpx.AsyncClient(
                verify=self._tls or True, trust_env=False, timeout=self._timeout
            ) as http:
                response = await http.get(
                    f"{self._url}/{path}",
                    params=params,
                    headers={"Authorization": f"token {self._token}"},
                )
                answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise EntrypointUnavailable(AWAY, self._page) from RuntimeError(reason)
        if response.status_code in REFUSALS:
            raise EntrypointRefused(message_of(answer), self._page)
        if response.is_error:
            reason = f"{response.status_code}: {message_of(answer)}"
            raise EntrypointUnavailable(AWAY, self._page) from RuntimeError(reason)
        return answer


def told(groups: Sequence[str]) -> dict[str, Any]:
    return {"groups": "told", "group": list(groups)}


def message_of(answer: Any) -> str:
    try:
        return str(answer["error"]["message"])
    except (LookupError, TypeError):
        return "The entrypoint service refused, and did not say why."
