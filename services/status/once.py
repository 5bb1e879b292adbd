"""`jupyterhub-suite status --once [CHECK…]`: run checks, say one line, and exit."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterhub_suite.services.errors import SettingError, SuiteError

from . import egi, nagios
from .checks import make_checks
from .checks.base import Check
from .model import Result
from .runner import run_check

if TYPE_CHECKING:
    from .access import Access
    from .app import StatusService


async def run_once(service: StatusService) -> int:
    """Print the line, and return the exit status; without checks that is UNKNOWN."""
    try:
        point_at_monitored(service)
        access = service.open_access()
        try:
            results = await run_all(service, access)
        finally:
            await access.close()
        status_file = os.environ.get("STATUS_FILE")
        if status_file:
            egi.write_status_file(status_file, results)
    except SuiteError as error:
        sys.stdout.write(f"STATUS UNKNOWN - {error}\n")
        return nagios.FAILED
    sys.stdout.write(nagios.line(results) + "\n")
    return nagios.exit_status(results)


def point_at_monitored(service: StatusService) -> None:
    """Take EGI's address of the Hub, if it is given, and see that there is one."""
    monitored = os.environ.get("MONITORED_URL")
    if monitored:
        service.api_url = egi.api_url(monitored)
        service.public_url = egi.public_url(monitored)
    for setting in ("api_url", "api_token"):
        if not getattr(service, setting):
            variable = service.traits()[setting].metadata["env"]
            raise SettingError(f"{setting} is not set: set ${variable}")


async def run_all(service: StatusService, access: Access) -> list[Result]:
    """One check after the other: they are to be as fast as for users."""
    described = egi.checks_from(os.environ) or service.checks
    results = []
    for check in chosen(make_checks(described), service.extra_args):
        memo = FileMemo(Path(service.storage_path, f"status-once-{check.name}.json"))
        results.append(await run_check(check, access.site(memo), service.log))
    if not results:
        raise SettingError("There are no checks to run: set checks")
    return results


def chosen(checks: Mapping[str, Check], names: Iterable[str]) -> list[Check]:
    """The named checks, or all."""
    names = list(names)
    unknown = [name for name in names if name not in checks]
    if unknown:
        known = ", ".join(checks)
        raise SettingError(f"{unknown[0]}: there is no such check (known: {known})")
    return [checks[name] for name in names or checks]


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
