"""How our classes differ from the suite's promises, whatever their store.

It is the configuration that `--proxy-config` gets; docs/conformance.md says the
same in prose.
"""

# mypy: ignore-errors
from __future__ import annotations

from jupyterhub_suite.ports import free_port

c = get_config()  # noqa: F821

c.TraefikProxy.traefik_api_url = f"http://127.0.0.1:{free_port()}"
c.TraefikProxy.activity_interval = 0.5

c.Conformance.tells_last_activity = True
c.Conformance.known_differences = {
    "test_encoded_characters_arrive_as_they_were_sent[a slash in lower case]": (
        "Traefik writes escapes in capitals; RFC 3986 (6.2.2.1) calls both the same"
    ),
    "test_encoded_characters_arrive_as_they_were_sent[a needlessly encoded letter]": (
        "Traefik decodes what needs no escape; RFC 3986 (6.2.2.2) calls both the same"
    ),
    "test_a_header_arrives_unchanged[X-Custom_Name-underscore]": (
        "X_Forwarded_User could pass for X-Forwarded-User: such headers are dropped"
    ),
    "test_queries_arrive_as_they_were_sent[q=a;b]": (
        "Traefik writes ; in a query as %3B, or else would take it for &"
    ),
}
