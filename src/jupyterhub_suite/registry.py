"""What there is in the suite, by the names that operators use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from .services.registration import Registration

# Services, and where each says what it needs from the Hub.
SERVICES: dict[str, str] = {}

# Proxies, and the settings' section of each. "hub" leaves the Hub's own.
PROXIES: dict[str, str] = {
    "file": "jupyterhub_suite.proxy.classes.TraefikFileProviderProxy",
}


def registration(service: str, services: Mapping[str, str] = SERVICES) -> Registration:
    return import_module(services[service]).REGISTRATION
