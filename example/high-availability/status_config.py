"""The status service: the same for every replica."""

from __future__ import annotations

import os
from pathlib import Path

c = get_config()  # noqa: F821
load_subconfig("services_config.py")  # noqa: F821

c.StatusService.api_token = (
    Path(os.environ["SECRETS"], "status-token").read_text().strip()
)
# As users come in: through the balancer and a Traefik.
c.StatusService.public_url = "http://balancer:8000"
c.StatusService.checks = [
    {"name": "hub", "interval": 30},
    {"name": "proxy", "interval": 60},
    {"name": "spawn", "interval": 300},
]
