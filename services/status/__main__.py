from __future__ import annotations

import sys

from jupyterhub_suite.services.status.app import StatusService

sys.exit(StatusService.main())
