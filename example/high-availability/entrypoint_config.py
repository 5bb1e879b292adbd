"""The entrypoint service: the same for every replica."""

from __future__ import annotations

import os
from pathlib import Path

c = get_config()  # noqa: F821
load_subconfig("services_config.py")  # noqa: F821

# One token: a login at one replica is a login at the other.
c.EntrypointService.api_token = (
    Path(os.environ["SECRETS"], "entrypoint-token").read_text().strip()
)
c.EntrypointService.systems = [
    {"name": "lab", "display_name": "The lab", "hostname": ""}
]
c.EntrypointService.entrypoint_types = [
    {"name": "executable", "display_name": "A program", "mutable": True},
    {"name": "script", "display_name": "Start-up script", "mutable": True},
]
