"""What the culler needs from the Hub."""

from __future__ import annotations

from jupyterhub_suite.services.registration import Registration

from .scopes import BASE, needed_scopes

ADMIN = "custom:culler:admin"

REGISTRATION = Registration(
    name="culler",
    module="jupyterhub_suite.services.culler",
    settings_class="jupyterhub_suite.services.culler.app.CullerService",
    scopes=tuple(BASE),
    scopes_for=needed_scopes,
    user_scopes=("access:services!service=culler",),
    admin_scopes=(ADMIN,),
    custom_scopes={
        ADMIN: {"description": "See, keep and stop everybody's servers in the culler"}
    },
)
