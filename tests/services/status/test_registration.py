"""What `configure` tells the service of the Hub: where users reach it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from traitlets.config import Config

from jupyterhub_suite import configure
from jupyterhub_suite.services.registration import SETTINGS_VARIABLE


def told(hub: dict[str, Any], **settings: Any) -> str | None:
    c = Config({"JupyterHub": hub})
    configure(c, services=["status"], status=settings)
    (service,) = c.JupyterHub.services
    return json.loads(service["environment"][SETTINGS_VARIABLE]).get("public_url")


@pytest.mark.parametrize(
    ("hub", "expected"),
    [
        ({}, "http://127.0.0.1:8000/"),
        ({"bind_url": "http://:8080/base"}, "http://127.0.0.1:8080/base/"),
        ({"bind_url": "http://10.0.0.7:80"}, "http://10.0.0.7:80/"),
        ({"bind_url": "https://hub.example.org"}, "https://hub.example.org/"),
        ({"bind_url": "http://[::]:8000"}, "http://[::1]:8000/"),
        ({"ip": "0.0.0.0", "port": 443, "ssl_cert": "c"}, "https://127.0.0.1:443/"),
        ({"port": 80, "base_url": "/deep/"}, "http://127.0.0.1:80/deep/"),
        (
            {"public_url": "https://hub.example.org/deep/", "base_url": "/deep/"},
            "https://hub.example.org/deep/",
        ),
        ({"public_url": "hub.example.org"}, "https://hub.example.org/"),
        ({"subdomain_host": "https://hub.example.org"}, "https://hub.example.org/"),
        ({"bind_url": "http+unix://%2Fsrv%2Fhub.sock"}, None),
    ],
)
def test_checks_go_where_the_hubs_users_go(
    hub: dict[str, Any], expected: str | None
) -> None:
    assert told(hub) == expected


def test_what_the_operator_says_stands() -> None:
    said = "https://portal.example.org/"
    assert told({"bind_url": "http://:8080"}, public_url=said) == said
