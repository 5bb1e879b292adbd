"""What a service needs from the Hub: read by `configure`, and by `doctor`.

Kept apart from the services themselves, so that a Hub's configuration loads
without loading any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# How `configure` hands a service its settings: a JSON object. Not the command
# line, for everybody on the machine can read that.
SETTINGS_VARIABLE = "JUPYTERHUB_SUITE_SETTINGS"


@dataclass(frozen=True)
class Registration:
    name: str
    module: str
    # The class that is the service: its settings, and for doctor its database.
    settings_class: str = "jupyterhub_suite.services.service.Service"
    # What the service itself may do: the scopes of its own role, and no more.
    scopes: tuple[str, ...] = ()
    # Those that its settings ask for, if that depends on them.
    scopes_for: Callable[[Mapping[str, Any]], Iterable[str]] | None = None
    # What every user needs to reach and use it; admins get the others too.
    user_scopes: tuple[str, ...] = ()
    admin_scopes: tuple[str, ...] = ()
    # Does it want to know, as its setting public_url, where users reach the Hub?
    wants_public_url: bool = False
    # Scopes of its own: their name, and the description that the Hub shows.
    custom_scopes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def own_scopes(self, settings: Mapping[str, Any]) -> list[str]:
        """The scopes of the service's own role, as it is set."""
        further = self.scopes_for(settings) if self.scopes_for else ()
        return list(dict.fromkeys([*self.scopes, *further]))

    @property
    def client_scopes(self) -> tuple[str, ...]:
        """What a visitor's login may carry of the scopes that the visitor holds.

        The Hub adds the scope to reach the service by itself.
        """
        return ("admin-ui", *self.user_scopes, *self.admin_scopes)
