"""The ways to what is checked: the Hub's API, and the web as users see it."""

from __future__ import annotations

import httpx

from jupyterhub_suite.services.hub import HubClient
from jupyterhub_suite.services.listener import Certificates

from .checks.base import Memo, Site
from .trust import trusting


class Access:
    """Connections that all checks share."""

    def __init__(
        self,
        api_url: str,
        token: str,
        public_url: str,
        certificates: Certificates,
        ca_file: str = "",
    ) -> None:
        self._token = token
        self._public_url = public_url
        self._tls = trusting(ca_file)
        # Nothing of the environment stands between: no proxy that users do not use.
        self.web = httpx.AsyncClient(verify=self._tls, timeout=30, trust_env=False)
        # Tries once: a Hub that needs a second try is not well.
        self.hub = HubClient(
            api_url,
            token,
            tls=certificates.client_context() if certificates.client_ca else None,
            attempts=1,
        )

    def site(self, memo: Memo) -> Site:
        """What one check may use."""
        return Site(
            hub=self.hub,
            web=self.web,
            public_url=self._public_url,
            token=self._token,
            memo=memo,
            tls=self._tls,
        )

    async def close(self) -> None:
        await self.web.aclose()
        await self.hub.close()
