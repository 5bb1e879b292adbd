from __future__ import annotations

import sys

from jupyterhub_suite.services.entrypoint.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
