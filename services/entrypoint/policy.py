"""Who may do what. Plain functions: no request, no database."""

from __future__ import annotations

from .model import Entrypoint
from .store import Person

# Scopes of our own. Whoever may open the Hub's admin page holds them all.
ADMIN = "custom:entrypoint:admin"
PUBLISH = "custom:entrypoint:publish"
HUB = "custom:entrypoint:hub"


def may_read(person: Person, entrypoint: Entrypoint) -> bool:
    """Its owner may, everybody if it is published, and the groups it is shared with."""
    return (
        entrypoint.public
        or entrypoint.owner == person.name
        or not person.groups.isdisjoint(entrypoint.groups)
    )


def scopes_to_change(
    person: Person, entrypoint: Entrypoint, changes: set[str]
) -> set[str]:
    """What somebody must hold to make these changes; nothing for their own."""
    needed = set()
    if entrypoint.owner != person.name:
        needed.add(ADMIN)
    if "public" in changes or (entrypoint.public and changes - {"deprecated"}):
        # What is published runs as everybody who picks it.
        needed.add(PUBLISH)
    return needed


def foreign_groups(person: Person, groups: list[str]) -> list[str]:
    """Groups that they are no member of, and so may not share with."""
    return sorted(set(groups) - person.groups)
