"""What all replicas of both services have in common: they keep nothing themselves.

Where a replica listens it is told by JUPYTERHUB_SERVICE_URL.
"""

from __future__ import annotations

import os
from pathlib import Path

c = get_config()  # noqa: F821

password = Path(os.environ["SECRETS"], "database-password").read_text().strip()
c.Service.api_url = "http://hub:8081/hub/api"
c.Service.menu = [
    {"name": "entrypoint", "href": "/services/entrypoint/"},
    {"name": "status", "href": "/services/status/"},
]
c.DatabaseService.database_url = (
    f"postgresql://jupyterhub:{password}@postgres:5432/jupyterhub"
)
