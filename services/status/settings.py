"""What the status service can be told."""

from __future__ import annotations

from typing import Any

from traitlets import (
    Bool,
    Dict,
    Float,
    Integer,
    List,
    Unicode,
    default,
    validate,
)
from traitlets.config import Configurable

from jupyterhub_suite.services.errors import SettingError


class StatusSettings(Configurable):
    """Which checks there are, who is told, and what is kept."""

    # A setting of every service: the path of the whole deployment.
    base_url: str

    checks = List(
        Dict(),
        default_value=[
            {"name": "hub", "kind": "hub"},
            {"name": "spawn", "kind": "spawn"},
        ],
        help="""What to look at: [{"name": …, "kind": …, "interval": SECONDS,
        "timeout": SECONDS, …}]; docs/status.md lists the kinds and their options.""",
    ).tag(config=True)
    public_url = Unicode(
        help="""Where users reach the deployment, such as https://hub.example.org/:
        checks go the same way, through the public proxy. `configure` reads it from
        the Hub's public_url, subdomain_host or bind_url; http://127.0.0.1:8000 by
        default."""
    ).tag(config=True, env="JUPYTERHUB_PUBLIC_HUB_URL")
    ca_file = Unicode(
        help="The CA (PEM) of the public address, where it is one of your own."
    ).tag(config=True)
    public = Bool(
        True, help="Show the page to everybody, or only to those who logged in."
    ).tag(config=True)
    threshold = Integer(
        1, min=1, help="How many failures in a row make an incident, and alert."
    ).tag(config=True)
    reminder = Float(
        0.0,
        min=0,
        help="Seconds between reminders while an incident goes on; 0 sends none.",
    ).tag(config=True)
    notifications = List(
        Dict(),
        help="""Whom to tell of incidents: [{"kind": "webhook", "url": …}, {"kind":
        "email", …}, {"kind": "command", …}]; docs/status.md lists their options.""",
    ).tag(config=True)
    hub_metrics = Float(
        60.0,
        min=0,
        help="""Seconds between two counts of the Hub's servers and users for
        /metrics; 0 counts none.""",
    ).tag(config=True)
    metrics_users = Bool(
        False, help="Name users in /metrics: their names are then read by many."
    ).tag(config=True)
    badge_label = Unicode(
        "notebooks", help="What the badge says beside the state."
    ).tag(config=True)
    once = Bool(
        False, help="Run checks once, print one line for Nagios, and exit."
    ).tag(config=True)
    start_delay = Float(
        10.0,
        min=0,
        help="""Seconds before the first check: a Hub starts its services before it
        has told its proxy of every route.""",
    ).tag(config=True)
    keep_results = Integer(
        90, min=1, help="Days for which single results are kept."
    ).tag(config=True)
    keep_days = Integer(
        730, min=90, help="Days for which the counts of a day are kept."
    ).tag(config=True)

    @default("public_url")
    def _default_public_url(self) -> str:
        return f"http://127.0.0.1:8000{self.base_url}"

    @validate("public_url")
    def _whole_url(self, proposal: Any) -> str:
        """The deployment's URL, also where that of the Hub is given."""
        url = proposal.value.rstrip("/").removesuffix("/hub") + "/"
        if not url.startswith(("http://", "https://")):
            raise SettingError(
                f"public_url is {proposal.value!r}: expected http(s)://…"
            )
        return url
