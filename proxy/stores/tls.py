"""TLS towards a store: whom we trust, and who we are; the same for us and Traefik."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from ..errors import BadSetting


@dataclass(frozen=True)
class ClientTls:
    """Paths of PEM files; all may be empty."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    insecure: bool = False
    """Trust anybody; for trying things out."""

    def __bool__(self) -> bool:
        return bool(self.ca or self.certificate or self.insecure)

    def context(self) -> ssl.SSLContext | None:
        """For our own connections; None if there is nothing to say."""
        if not self:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key or None)
        except (OSError, ssl.SSLError) as e:
            names = ", ".join(filter(None, (self.ca, self.certificate, self.key)))
            raise BadSetting(f"cannot use the TLS files {names}: {e}") from None
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def static(self) -> dict[str, Any]:
        """For Traefik's connections."""
        settings: dict[str, Any] = {}
        if self.ca:
            settings["ca"] = self.ca
        if self.certificate:
            settings |= {"cert": self.certificate, "key": self.key or self.certificate}
        if self.insecure:
            settings["insecureSkipVerify"] = True
        return settings
