"""What this service needs from the Hub."""

from __future__ import annotations

from ..registration import Registration

REGISTRATION = Registration(
    name="entrypoint",
    module="jupyterhub_suite.services.entrypoint",
    settings_class="jupyterhub_suite.services.entrypoint.app.EntrypointService",
    # To know with whom an entrypoint is shared.
    scopes=("read:users:groups",),
    user_scopes=("access:services!service=entrypoint",),
    admin_scopes=("custom:entrypoint:admin", "custom:entrypoint:publish"),
    custom_scopes={
        "custom:entrypoint:admin": {
            "description": "See and change everybody's entrypoints",
        },
        "custom:entrypoint:publish": {
            "description": "Publish entrypoints to everybody",
        },
        "custom:entrypoint:hub": {
            "description": "Ask what a user's server is to start in",
        },
    },
)
