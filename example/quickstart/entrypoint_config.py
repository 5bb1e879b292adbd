"""What the demo's users can choose from: two systems, and several types."""

from __future__ import annotations

import getpass
from pathlib import Path

from jupyterhub_suite.services.entrypoint.validators.local import LocalValidator

c = get_config()  # noqa: F821

ENVIRONMENTS = Path.cwd() / "environments"


class AsWhoRunsTheDemo(LocalValidator):
    """The demo's users have no accounts of their own."""

    async def validate(
        self, user: str, path: str, entrypoint_type: str, hosts: list[str]
    ) -> tuple[bool | None, str]:
        return await super().validate(getpass.getuser(), path, entrypoint_type, hosts)


c.EntrypointService.systems = [
    {"name": "lab", "display_name": "The lab", "hostname": ""},
    {"name": "cluster", "display_name": "The cluster", "hostname": ""},
]
c.EntrypointService.entrypoint_types = [
    # The name "analysis" stands for an environment that the demo has made.
    {
        "name": "conda",
        "display_name": "Conda environment",
        "mutable": True,
        "envs_path": str(ENVIRONMENTS),
    },
    {"name": "script", "display_name": "Start-up script", "mutable": True},
    {
        "name": "trusted_script",
        "display_name": "Prepared by us",
        "mutable": False,
        "scripts": {"Announced JupyterLab": str(ENVIRONMENTS / "announce.sh")},
    },
]
c.EntrypointService.validator = AsWhoRunsTheDemo()
