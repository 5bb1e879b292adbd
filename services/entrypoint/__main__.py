from __future__ import annotations

import sys

from .app import EntrypointService

main = EntrypointService.main

if __name__ == "__main__":
    sys.exit(main())
