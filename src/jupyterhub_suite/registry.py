"""What there is in the suite, by the names that operators use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from .services.registration import Registration

# Services, and where each says what it needs from the Hub.
SERVICES: dict[str, str] = {
    "culler": "jupyterhub_suite.services.culler.registration",
    "entrypoint": "jupyterhub_suite.services.entrypoint.registration",
    "status": "jupyterhub_suite.services.status.registration",
}

# Proxies, by where they keep their routes.
PROXIES: dict[str, str] = {
    "file": "jupyterhub_suite.proxy.classes.TraefikFileProviderProxy",
    "etcd": "jupyterhub_suite.proxy.classes.TraefikEtcdProxy",
    "redis": "jupyterhub_suite.proxy.classes.TraefikRedisProxy",
    "consul": "jupyterhub_suite.proxy.classes.TraefikConsulProxy",
    "http": "jupyterhub_suite.proxy.classes.TraefikHTTPProviderProxy",
}


def registration(service: str, services: Mapping[str, str] = SERVICES) -> Registration:
    return import_module(services[service]).REGISTRATION
