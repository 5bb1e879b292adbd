"""A webhook: of one's own, or of Slack or Mattermost."""

from __future__ import annotations

from typing import Any

import httpx

from ..news import slack
from ..trust import trusting
from .base import CA_FILE, PATIENCE, Channel, DeliveryFailed


class Webhook(Channel):
    kind = "webhook"
    options = {
        "url": {"type": "string", "pattern": "^https?://"},
        "format": {"enum": ["json", "slack"], "default": "json"},
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
        },
        "proxy": {"type": "string", "pattern": "^https?://", "default": ""},
        "ca_file": CA_FILE,
    }
    required = ("url",)

    def __init__(self, name: str, **given: Any) -> None:
        super().__init__(name, **given)
        self._trust = trusting(self["ca_file"])

    async def deliver(self, message: dict[str, Any]) -> None:
        body = slack(message) if self["format"] == "slack" else message
        try:
            async with self._client() as client:
                answer = await client.post(
                    self["url"], json=body, headers=self["headers"]
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryFailed(type(error).__name__) from None
        if not answer.is_success:
            raise DeliveryFailed(f"the webhook answered {answer.status_code}")

    def _client(self) -> httpx.AsyncClient:
        # A Hub hands no $HTTPS_PROXY on to its services, so that what works by hand
        # would fail under it: a proxy is a setting, here as there.
        return httpx.AsyncClient(
            timeout=PATIENCE,
            proxy=self["proxy"] or None,
            verify=self._trust,
            trust_env=False,
        )
