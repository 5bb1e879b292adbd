"""`jupyterhub-suite status --once [CHECK…]`: run checks, say one line, and exit.

For Nagios and its kin. The environment that EGI's monitoring worker takes works
here too: then one check is made from it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyterhub_suite.services.errors import SettingError

from .checks import make_checks
from .checks.base import Check, Site
from .model import Code, Result, worst
from .runner import run_check
from .summary import iso


def wanted(argv: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Is one run wanted, by word or by EGI's SINGLERUN?"""
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


def chosen(checks: Mapping[str, Check], names: Iterable[str]) -> list[Check]:
    """The named checks, or all that can be run by themselves."""
    names = list(names)
    unknown = [name for name in names if name not in checks]
    if unknown:
        known = ", ".join(checks)
        raise SettingError(f"{unknown[0]}: there is no such check (known: {known})")
    return [checks[name] for name in names or checks]


def line(results: Sequence[Result]) -> str:
    """One line as Nagios reads it: state, words, and numbers behind a bar."""
    code = worst(result.code for result in results)
    said = "; ".join(f"{result.check}: {result.msg}" for result in results)
    # A bar or a line's end would end the words.
    plain = said.replace("|", "/").replace("\n", " ")
    return f"STATUS {code.name} - {plain} | {' '.join(perfdata(results))}"


def perfdata(results: Iterable[Result]) -> Iterable[str]:
    for result in results:
        yield f"'{result.check}'={result.seconds:.3f}s;;;0"
        for stage in result.stages:
            yield f"'{result.check}.{stage.name}'={stage.seconds:.3f}s;;;0"
        for name, value in result.numbers.items():
            yield f"'{result.check}.{name}'={value:g};;;"


def write_status_file(path: str, results: Sequence[Result]) -> None:
    """EGI's status file, replaced as a whole so that no reader sees half of it."""
    code = worst(result.code for result in results)
    status = {
        "time": iso(min(result.time for result in results)),
        "code": code.name,
        "msg": "; ".join(result.msg for result in results),
    }
    new = Path(f"{path}.new")
    try:
        new.write_text(json.dumps(status) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise SettingError(f"$STATUS_FILE is {path!r}: {error.strerror}") from None


class FileMemo:
    """A check's memo in a file, so that the next run cleans up after a crash."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}

    async def write(self, note: dict[str, Any]) -> None:
        try:
            if note:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.write_text(json.dumps(note), encoding="utf-8")
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise SettingError(
                f"{self._path} cannot be written: {error.strerror}. Set storage_path"
            ) from None


async def run_once(
    configured: Iterable[Mapping[str, Any]],
    names: Iterable[str],
    site: Callable[[str], Site],
    log: logging.Logger,
) -> list[Result]:
    """Run the checks, one after the other: they are to be as fast as for users."""
    checks = make_checks(checks_from(os.environ) or configured)
    results = [
        await run_check(check, site(check.name), log) for check in chosen(checks, names)
    ]
    if not results:
        raise SettingError("There are no checks to run: set checks")
    status_file = os.environ.get("STATUS_FILE")
    if status_file:
        write_status_file(status_file, results)
    return results


def exit_status(results: Iterable[Result]) -> int:
    return int(worst(result.code for result in results))


FAILED = int(Code.UNKNOWN)
