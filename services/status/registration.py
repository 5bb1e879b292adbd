"""What the status service needs from the Hub."""

from __future__ import annotations

from jupyterhub_suite.services.registration import Registration

# The user whose server the spawn check starts, unless it is told otherwise, and
# the group that the hub check makes and removes to see the database being written.
CHECK_USER = "status-check"
CHECK_GROUP = "status-check"
ADMIN_SCOPE = "custom:status:admin"

REGISTRATION = Registration(
    name="status",
    module="jupyterhub_suite.services.status",
    settings_class="jupyterhub_suite.services.status.app.StatusService",
    scopes=(
        # How many servers run or wait, since when, and in which groups.
        "list:users",
        "read:users:activity",
        "read:users:groups",
        "read:servers",
        # The table of routes. The Hub has no scope for only reading it.
        "proxy",
        # To work as the one user that checks are run as, and as nobody else.
        f"admin:users!user={CHECK_USER}",
        f"admin:servers!user={CHECK_USER}",
        f"access:servers!user={CHECK_USER}",
        f"admin:groups!group={CHECK_GROUP}",
    ),
    wants_public_url=True,
    user_scopes=("access:services!service=status",),
    admin_scopes=(ADMIN_SCOPE,),
    custom_scopes={
        ADMIN_SCOPE: {
            "description": "Run checks by hand, and write announcements and"
            " maintenance, on the status page"
        }
    },
)
