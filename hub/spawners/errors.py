"""What a user reads when their server does not start.

EntrypointError
├── EntrypointRefused       the selection cannot be started; choose another one
└── EntrypointUnavailable   the service could not be asked
"""

from __future__ import annotations

from html import escape


class EntrypointError(Exception):
    """Stops a start. The Hub shows its message, with a link to the entrypoints."""

    def __init__(self, message: str, page: str = "") -> None:
        super().__init__(message)
        self.jupyterhub_message = message
        if page:
            link = f'<a href="{escape(page)}">Your entrypoints</a>'
            self.jupyterhub_html_message = f"{escape(message)} {link}"


class EntrypointRefused(EntrypointError):
    """The selection is gone, broken, or not for this spawner."""


class EntrypointUnavailable(EntrypointError):
    """The service is away, too slow, or does not answer as it should."""
