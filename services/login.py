"""Logging in through the Hub, also where replicas share the work."""

from __future__ import annotations

import base64
import hmac
import json
from functools import cached_property
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from jupyterhub.services.auth import HubOAuth


class Login(HubOAuth):
    """Carries a login's state in the state itself, sealed: it holds PKCE's secret.

    JupyterHub's own class remembers it in memory: a visitor who leaves for the Hub
    from one replica and comes back to another, or after a restart, is refused.
    """

    # How long a visitor may take to log in at the Hub.
    PATIENCE = 600

    @cached_property
    def _seal(self) -> Fernet:
        key = hmac.digest(self.api_token.encode(), b"login state", "sha256")
        return Fernet(base64.urlsafe_b64encode(key))

    def generate_state(self, next_url: str | None = None, **extra: Any) -> str:
        state = json.dumps({"next_url": next_url, **extra})
        return self._seal.encrypt(state.encode()).decode()

    def _decode_state(self, state_id: str, /) -> dict[str, Any]:
        try:
            return json.loads(self._seal.decrypt(state_id.encode(), ttl=self.PATIENCE))
        except InvalidToken:
            return {}
