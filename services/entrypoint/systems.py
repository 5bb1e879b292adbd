"""The systems that a site has: where entrypoints live and servers start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SettingError

# A name is part of addresses, keys and file paths.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Stands for the only system of a site in the Hub's look-ups.
ONLY_SYSTEM = "-"


@dataclass(frozen=True)
class System:
    name: str
    display_name: str
    hostnames: tuple[str, ...] = ()


def parse_systems(written: Sequence[Mapping[str, Any]]) -> dict[str, System]:
    """The setting `systems`, by name; says which one is wrong, and why."""
    systems: dict[str, System] = {}
    for place, entry in enumerate(written):
        where = f"systems[{place}]"
        name = check_name(entry.get("name"), where)
        if name in systems:
            raise SettingError(f"{where}: there are two systems named {name!r}")
        unknown = sorted(set(entry) - {"name", "display_name", "hostname"})
        if unknown:
            raise SettingError(
                f"{where} has {unknown[0]!r}: expected name, display_name, hostname"
            )
        hostnames = read_hostnames(entry.get("hostname", ""), where)
        systems[name] = System(name, entry.get("display_name") or name, hostnames)
    return systems


def check_name(name: object, where: str) -> str:
    """A name that can stand in a path, or an error that quotes it."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingError(
            f"{where}: the name {name!r} cannot be part of a path. Use letters,"
            " digits, '.', '_' and '-', and begin with a letter or a digit"
        )
    return name


def read_hostnames(written: object, where: str) -> tuple[str, ...]:
    """None, one or several; one that ssh could take for an option is refused."""
    hostnames = [written] if isinstance(written, str) else written
    if not isinstance(hostnames, (list, tuple)) or not all(
        isinstance(host, str) for host in hostnames
    ):
        raise SettingError(f"{where}: hostname is a text or a list of texts")
    wrong = [host for host in hostnames if re.search(r"^-|[\s/@]", host)]
    if wrong:
        raise SettingError(f"{where}: {wrong[0]!r} is no host name")
    return tuple(host for host in hostnames if host)
