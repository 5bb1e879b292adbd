"""What the doctor looks at: a Hub's configuration, and the Hub itself."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue, PyFileConfigLoader

from ..registry import SERVICES
from ..services.errors import SettingError
from ..services.hub import HubClient
from ..services.listener import Certificates
from ..services.settings import describe


@dataclass(frozen=True)
class Subject:
    """What is looked at: a Hub's configuration, and the token to ask it with."""

    config: Config
    token: str = ""
    api_url: str = ""

    def get(self, trait: str, default: Any, section: str = "JupyterHub") -> Any:
        value = self.config[section].get(trait, default)
        return value.get_value(default) if isinstance(value, LazyConfigValue) else value

    @cached_property
    def services(self) -> list[dict[str, Any]]:
        """The services of ours that this Hub runs, as its configuration has them."""
        return [s for s in self.get("services", []) if s.get("name") in SERVICES]

    @cached_property
    def proxy_name(self) -> str:
        proxy = self.get("proxy_class", "")
        return proxy if isinstance(proxy, str) else proxy.__name__

    @cached_property
    def hub_api(self) -> str:
        if self.api_url:
            return self.api_url
        base = self.get("base_url", "/").strip("/")
        path = f"/{base}/hub/api" if base else "/hub/api"
        bound = urlsplit(self.get("hub_bind_url", ""))
        host = self.get("hub_ip", "") or bound.hostname or "127.0.0.1"
        port = self.get("hub_port", 0) or bound.port or 8081
        scheme = "https" if self.get("internal_ssl", False) else "http"
        return f"{scheme}://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}{path}"

    @cached_property
    def public_port(self) -> int:
        bound = urlsplit(self.get("bind_url", ""))
        return self.get("port", 0) or bound.port or 8000

    def ask(self, path: str) -> Any:
        """One question to the Hub's API, without patience."""
        return asyncio.run(self._ask(path))

    async def _ask(self, path: str) -> Any:
        client = HubClient(
            self.hub_api, self.token, tls=self._tls(), attempts=1, timeout=5
        )
        try:
            return await client.get(path)
        finally:
            await client.close()

    def _tls(self) -> ssl.SSLContext | None:
        if not self.get("internal_ssl", False):
            return None
        folder = Path(self.get("internal_certs_location", "internal-ssl"))
        own = folder / "hub-internal" / "hub-internal"
        return Certificates(
            f"{own}.key", f"{own}.crt", str(folder / "hub-ca_trust.crt")
        ).client_context()


def load_configuration(path: str) -> Config:
    """The Hub's configuration; an empty one when there is no file and none is named."""
    file = Path(path or "jupyterhub_config.py").resolve()
    if not file.is_file():
        if path:
            raise SettingError(f"{file}: there is no such file")
        return Config()
    try:
        return PyFileConfigLoader(file.name, str(file.parent)).load_config()
    except Exception as error:  # noqa: BLE001 - the operator's own program
        raise SettingError(f"{file}: {describe(error, str(file))}") from None
