"""Whose certificates are believed."""

from __future__ import annotations

import ssl

import httpx

from jupyterhub_suite.services.errors import SettingError


def trusting(ca_file: str = "") -> ssl.SSLContext:
    """Trust all public CAs, those that this machine knows, and one of one's own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(
                f"ca_file is {ca_file!r}, which cannot be used: {error}"
            ) from None
    return context
