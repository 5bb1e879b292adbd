"""Shifter images: those that a site's image service lists for a user."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx
from aiocache import SimpleMemoryCache

from ...bodies import check
from ...errors import PublicError
from ..validators.base import BaseValidator, Verdict
from .base import EntrypointType, Option, Typed

AWAY = "The list of images cannot be had now. Try again in a minute."


class ShifterImage(EntrypointType):
    """An image that shifter runs; picked from a list, if there is an image service.

    `image_service` is an address with {user} and {system} in it, that answers a JSON
    list of names, or of objects with a `name`; or such a list in `items` or `images`.
    """

    kind = "shifter"
    title = "Shifter image"
    mutable = False
    fields = {
        "entrypoint": {
            "type": "string",
            "title": "Image",
            "description": "Such as docker:jupyter/base-notebook:latest.",
            "maxLength": 500,
            # It becomes one word of a command, and never an option of it.
            "pattern": r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$",
        }
    }
    wrapper = ("shifter", "--image={entrypoint}")
    command: Sequence[str] = ("jupyterhub-singleuser",)
    image_service = ""
    image_service_token = ""
    cache_seconds = 300.0
    # Seconds that the image service has to answer.
    patience = 10.0
    settings = {
        **EntrypointType.settings,
        "image_service": str,
        "image_service_token": str,
        "cache_seconds": (int, float),
        "patience": (int, float),
    }

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(name, **settings)
        self._images = SimpleMemoryCache(ttl=self.cache_seconds)

    async def options(self, user: str, system: str) -> list[Option]:
        if not self.image_service:
            return []
        address = self.address(user, system)
        known: list[Option] | None = await self._images.get(address)
        if known is None:
            known = read_images(await self._ask(address))
            await self._images.set(address, known)
        return known

    def address(self, user: str, system: str) -> str:
        return self.image_service.replace("{user}", quote(user, safe="")).replace(
            "{system}", quote(system, safe="")
        )

    async def _ask(self, address: str) -> Any:
        headers = (
            {"Authorization": f"token {self.image_service_token}"}
            if self.image_service_token
            else {}
        )
        try:
            return await asyncio.wait_for(fetch(address, headers), self.patience)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            ValueError,
            asyncio.TimeoutError,
        ) as error:
            raise PublicError(503, AWAY) from error

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        if not self.image_service:
            return Verdict(None, "This site has no list of images to look it up in.")
        known = {option.value for option in await self.options(user, "")}
        if typed["entrypoint"] in known:
            return Verdict(True, "The image service has it.")
        return Verdict(False, "The image service does not have it.")


async def fetch(address: str, headers: dict[str, str]) -> Any:
    async with httpx.AsyncClient(timeout=None, trust_env=False) as http:
        return (await http.get(address, headers=headers)).raise_for_status().json()


def read_images(answer: Any) -> list[Option]:
    """Names out of the answer; what is no name that shifter could take is left out."""
    if isinstance(answer, dict):
        answer = answer.get("items", answer.get("images", []))
    names = [
        entry.get("name") if isinstance(entry, dict) else entry
        for entry in (answer if isinstance(answer, list) else [])
    ]
    kind = ShifterImage.fields["entrypoint"]
    return [Option(str(name)) for name in names if fits(name, kind)]


def fits(value: object, schema: dict[str, Any]) -> bool:
    try:
        check(value, schema)
    except PublicError:
        return False
    return True
