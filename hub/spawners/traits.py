"""Which traits an answer may set, and on which spawner. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Whatever a service answers, nothing but these is ever set.
ALLOWED = frozenset({"cmd", "batchspawner_singleuser_cmd", "environment", "image"})
# Variables that the Hub sets, or that change which program runs as whom.
FORBIDDEN_VARIABLES = ("JUPYTERHUB_", "LD_", "CONFIGPROXY_")


def kind_of(spawner: Any) -> str:
    """Which kind of spawner it is, by the traits that only such have."""
    if spawner.has_trait("batch_script"):
        return "batch"
    if spawner.has_trait("pod_name_template"):
        return "kubernetes"
    if spawner.has_trait("image"):
        return "docker"
    return "local"


def find_refused(settings: Mapping[str, Any], spawner: Any) -> list[str]:
    """What of an answer may not be set, or cannot be on this spawner."""
    refused = [
        name for name in settings if name not in ALLOWED or not spawner.has_trait(name)
    ]
    variables = settings.get("environment", {})
    refused += [
        f"environment[{name}]"
        for name in variables
        if name.startswith(FORBIDDEN_VARIABLES)
    ]
    return sorted(refused)


def merge(settings: Mapping[str, Any], spawner: Any) -> dict[str, Any]:
    """The values to set: variables come on top of those that the Hub sets."""
    merged = dict(settings)
    if "environment" in merged:
        merged["environment"] = {**spawner.environment, **merged["environment"]}
    return merged
