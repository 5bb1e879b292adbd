"""The environment that EGI's monitoring worker takes: one check is made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyterhub_suite.services.errors import SettingError

from .model import Result, worst
from .summary import iso


def one_run_wanted(argv: Sequence[str], environment: Mapping[str, str]) -> bool:
    """By word, or by EGI's SINGLERUN?"""
    single = environment.get("SINGLERUN", "").lower()
    return "--once" in argv or single not in ("", "0", "false", "no")


def api_url(monitored: str) -> str:
    """The Hub's API of a deployment; EGI's setting may name either."""
    url = monitored.rstrip("/")
    return url if url.endswith("/hub/api") else f"{url.removesuffix('/hub')}/hub/api"


def public_url(monitored: str) -> str:
    return api_url(monitored).removesuffix("hub/api")


def checks_from(environment: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The check that EGI's variables describe, if there are any."""
    url = environment.get("MONITORED_URL")
    if not url:
        return None
    kind = environment.get("SERVICE_TYPE", "jupyterhub").lower()
    timeout = read_seconds(environment, "SPAWN_TIMEOUT")
    limit = {} if timeout is None else {"timeout": timeout}
    if kind.startswith("binder"):
        return [{"name": "binderhub", "url": url, **limit}]
    if not kind.startswith("jupyterhub"):
        raise SettingError(
            f"$SERVICE_TYPE is {kind!r}: expected jupyterhub or binderhub"
        )
    user = environment.get("JUPYTERHUB_USER")
    return [{"name": "spawn", **({"user": user} if user else {}), **limit}]


def read_seconds(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"${name} is {text!r}: expected seconds") from None


def write_status_file(path: str, results: Sequence[Result]) -> None:
    """EGI's status file, replaced as a whole so that no reader sees half of it."""
    status = {
        "time": iso(min(result.time for result in results)),
        "code": worst(result.code for result in results).name,
        "msg": "; ".join(result.msg for result in results),
    }
    new = Path(f"{path}.new")
    try:
        new.write_text(json.dumps(status) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise SettingError(f"$STATUS_FILE is {path!r}: {error.strerror}") from None
