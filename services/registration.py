"""What a service needs from the Hub: read by `configure`, and by `doctor`.

Kept apart from the services themselves, so that a Hub's configuration loads
without loading any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Registration:
    name: str
    module: str
    # What the service itself may do: the scopes of its own role, and no more.
    scopes: tuple[str, ...] = ()
    # What every user needs to reach and use it; admins get the others too.
    user_scopes: tuple[str, ...] = ()
    admin_scopes: tuple[str, ...] = ()
    # Scopes of its own: their name, and the description that the Hub shows.
    custom_scopes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    # The class whose settings `configure(name={…})` sets.
    settings_class: str = "Service"
