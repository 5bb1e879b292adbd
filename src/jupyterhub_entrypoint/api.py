"""What a site's own validators and handlers build on."""

from __future__ import annotations

from jupyterhub_suite.services.entrypoint.handlers import (
    EntrypointHandler as APIBaseHandler,
)
from jupyterhub_suite.services.entrypoint.validators import BaseValidator

__all__ = ["APIBaseHandler", "BaseValidator"]
