"""A container registry's own API (version 2), asked with a login or as anybody.

Registries that are open to all still want a token: they refuse the first request,
say where anybody gets one, and are asked again with it. With a login, the same token
opens what is not for everybody; small registries want the login itself.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

import httpx

from ...errors import PublicError

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# What a manifest may be, in OCI's words and in Docker's.
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json,"
    "application/vnd.oci.image.manifest.v1+json,"
    "application/vnd.docker.distribution.manifest.list.v2+json,"
    "application/vnd.docker.distribution.manifest.v2+json"
)
AWAY = "The registry cannot be asked now. Try again in a minute."
LOGIN_REFUSED = "The registry refuses this site's login. Tell its administrator."


class ImageRegistry:
    def __init__(self, address: str, patience: float, login: str = "") -> None:
        self._address = address.rstrip("/")
        self._patience = patience
        self._login = {"Authorization": f"Basic {login}"} if login else {}

    async def digest(self, repository: str, name: str) -> str | None:
        """Of a tag or a digest; None if there is no such image, "" if none is told."""
        url = f"{self._address}/v2/{repository}/manifests/{name}"
        try:
            answer = await asyncio.wait_for(self._ask(url), self._patience)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            ValueError,
            asyncio.TimeoutError,
        ) as error:
            raise PublicError(503, AWAY) from error
        if answer is None or answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise PublicError(503, AWAY)
        told = answer.headers.get("Docker-Content-Digest", "")
        return told if DIGEST.fullmatch(told) else ""

    async def _ask(self, url: str) -> httpx.Response | None:
        """The answer; None if a token does not help either.

        Registries do not tell what one may not see from what is not there.
        """
        headers = {"Accept": MANIFESTS}
        async with httpx.AsyncClient(timeout=self._patience, trust_env=False) as http:
            answer = await http.head(url, headers=headers)
            if answer.status_code != 401:
                return answer
            challenge = answer.headers.get("WWW-Authenticate", "")
            admission = await self._admission(http, challenge)
            answer = await http.head(url, headers=headers | admission)
            if answer.status_code == 401 and admission is self._login:
                raise PublicError(503, LOGIN_REFUSED)
            return None if answer.status_code in (401, 403) else answer

    async def _admission(
        self, http: httpx.AsyncClient, challenge: str
    ) -> dict[str, str]:
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._login:
            return self._login
        told = parse_keqv_list(parse_http_list(rest)) if "=" in rest else {}
        if scheme.lower() != "bearer" or not self._may_ask(told.get("realm", "")):
            raise ValueError("the registry wants a login of another kind")
        return {"Authorization": f"Bearer {await self._token(http, told)}"}

    async def _token(self, http: httpx.AsyncClient, told: dict[str, str]) -> str:
        query: dict[str, str] = {
            key: told[key] for key in ("service", "scope") if key in told
        }
        given = await http.get(told["realm"], params=query, headers=self._login)
        if given.status_code in (401, 403) and self._login:
            raise PublicError(503, LOGIN_REFUSED)
        answer = given.raise_for_status().json()
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str) or not token.isascii():
            raise ValueError("the registry gives no token")
        return token

    def _may_ask(self, realm: str) -> bool:
        """No step back from https to http."""
        scheme = urlsplit(realm).scheme
        return scheme == "https" or scheme == urlsplit(self._address).scheme == "http"
