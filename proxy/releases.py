"""Which releases of Traefik will do, and what is known to be wrong with the others."""

from __future__ import annotations

from .errors import BadSetting

Release = tuple[int, ...]

OLDEST: Release = (3, 0, 0)
NESTED: Release = (3, 6, 0)
"""The first that can nest routers."""

ADVICE: list[tuple[Release, Release, str]] = [
    (
        (3, 0, 0),
        (3, 6, 0),
        "cannot nest routers, so that requests get slower with every thousand routes",
    ),
    (
        (3, 0, 0),
        (3, 6, 3),
        "lets encoded characters in a path slip past rules (CVE-2025-66490)",
    ),
    (
        (3, 6, 4),
        (3, 6, 7),
        "refuses encoded characters in paths unless its static configuration is ours",
    ),
    (
        (3, 0, 0),
        (3, 7, 12),
        "lets X_Forwarded_User pass for X-Forwarded-User",
    ),
]
"""From this release on, and before that one: what is wrong."""


def check(release: Release) -> list[str]:
    """What to warn of; a release that cannot work at all is refused."""
    if release < OLDEST:
        raise BadSetting(
            f"Traefik {written(release)} is too old: its rules are another language. "
            "Use 3.6 or newer"
        )
    return [
        f"Traefik {written(release)} {problem}. Use {written(end)} or newer"
        for start, end, problem in ADVICE
        if start <= release < end
    ]


def written(release: Release) -> str:
    return ".".join(map(str, release))
