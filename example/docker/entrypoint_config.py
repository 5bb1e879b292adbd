"""What users can choose from: two systems, and four types."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

from jupyterhub_suite.services.entrypoint.validators.base import BaseValidator, Verdict
from jupyterhub_suite.services.entrypoint.validators.probes import PROBES, find_fault

c = get_config()  # noqa: F821


class AsTheUser(BaseValidator):
    """Looks with the user's own eyes, for nobody else sees into a home folder."""

    async def validate(
        self, user: str, path: str, entrypoint_type: str, hosts: list[str]
    ) -> Verdict:
        fault = find_fault(path, entrypoint_type)
        if fault:
            return fault
        probe = PROBES[entrypoint_type]
        become = ["sudo", "--non-interactive", f"--user={user}", "timeout", "10"]
        looking = await asyncio.create_subprocess_exec(
            *become, *probe.command(path), stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
        _, errors = await looking.communicate()
        return probe.verdict(looking.returncode, errors.decode(errors="replace"))


c.EntrypointService.validator = AsTheUser()
c.EntrypointService.systems = [
    {"name": "lab", "display_name": "The lab", "hostname": ""},
    {"name": "cluster", "display_name": "The cluster", "hostname": ""},
]
c.EntrypointService.entrypoint_types = [
    # The name "analysis" stands for an environment that is there.
    {
        "name": "conda",
        "display_name": "Conda environment",
        "mutable": True,
        "envs_path": "/opt/environments",
    },
    {"name": "script", "display_name": "Start-up script", "mutable": True},
    {
        "name": "trusted_script",
        "display_name": "Prepared by us",
        "mutable": False,
        "scripts": {"Announced JupyterLab": "/opt/environments/announce.sh"},
    },
    {
        "name": "shifter",
        "display_name": "Shifter image (run by a stand-in)",
        "mutable": False,
        "image_service": "http://127.0.0.1:8087/users/{user}/systems/{system}",
        # Without this line, the real shifter.
        "command": [
            "/opt/example/shifter-stand-in",
            "--image={entrypoint}",
            "jupyter-labhub",
        ],
    },
]
