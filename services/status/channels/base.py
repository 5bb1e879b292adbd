"""The contract of a channel: options that fit a schema, and a delivery.

A channel raises `DeliveryFailed` with what may be logged: never an address or a
password, for a webhook's URL is a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

# Seconds that another machine, or a program, has to take a message.
PATIENCE = 20.0
# The CA of a server whose certificate no public one has signed.
CA_FILE = {"type": "string", "default": ""}


class DeliveryFailed(Exception):
    """A message was not taken; it is tried again later."""


class Channel:
    kind: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    required: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, **given: Any) -> None:
        self.name = name
        self._given = given

    def __getitem__(self, option: str) -> Any:
        return self._given.get(option, self.options[option].get("default"))

    async def deliver(self, message: dict[str, Any]) -> None:
        raise NotImplementedError
