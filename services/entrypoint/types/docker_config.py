"""The logins to registries that `docker login` keeps, as Kubernetes' secrets do."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from ...errors import SettingError

# How the file calls the registry that images without one come from.
DOCKER_HUB = "https://index.docker.io/v1/"
DOCKER_HUB_NAMES = ("", "docker.io")


def read_login(file: str, registry: str) -> str:
    """What Basic authentication wants for a registry; nothing if it has no login.

    Read each time, so that a login may change.
    """
    if not file:
        return ""
    try:
        return find_login(Path(file).read_text(), registry)
    except OSError as error:
        problem = error.strerror
    except (ValueError, LookupError, TypeError, AttributeError):
        # What is wrong with it might show some of it.
        problem = "it has no logins as `docker login` writes them"
    raise SettingError(f"docker_config {file!r}: {problem}")


def find_login(text: str, registry: str) -> str:
    key = DOCKER_HUB if registry in DOCKER_HUB_NAMES else registry
    entry = dict(json.loads(text)["auths"].get(key, {}))
    if "auth" in entry:
        base64.b64decode(entry["auth"], validate=True)
        return entry["auth"]
    if "username" in entry:
        login = f"{entry['username']}:{entry['password']}"
        return base64.b64encode(login.encode()).decode()
    return ""
