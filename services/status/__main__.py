"""`python -m jupyterhub_suite.services.status` is `jupyterhub-suite status`."""

from __future__ import annotations

import sys

from .app import StatusService

main = StatusService.main

if __name__ == "__main__":
    sys.exit(main())
