from __future__ import annotations

import sys

from jupyterhub_suite.services.culler.app import CullerService


def main(arguments: list[str] | None = None) -> int:
    return CullerService.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
