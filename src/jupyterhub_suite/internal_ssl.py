"""A fault of JupyterHub's that stands between internal SSL and services.

With `internal_ssl`, JupyterHub 5 and 6.1 check a managed service's first answer
with the TLS context that the Hub *serves* with. Python refuses to connect with
such a context, so the check fails and the Hub ends. We hand the method a context
to connect with.
"""

from __future__ import annotations

import ssl
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.utils import make_ssl_context

_start_service = JupyterHub.start_service


async def _start_service_with_client_context(
    self: JupyterHub, service_name: str, service: Any, ssl_context: Any = None
) -> bool:
    context = make_ssl_context(
        self.internal_ssl_key,
        self.internal_ssl_cert,
        cafile=self.internal_ssl_ca,
        purpose=ssl.Purpose.SERVER_AUTH,
    )
    return await _start_service(self, service_name, service, context)


def mend_service_check() -> None:
    """Called by `configure` when the Hub's configuration turns internal SSL on."""
    JupyterHub.start_service = _start_service_with_client_context
