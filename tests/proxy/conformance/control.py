"""JupyterHub's own proxy, the control: is it here?"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.harness.parts import lack

REPOSITORY = Path(__file__).parents[3]
CONFIG = Path(__file__).with_name("chp.py")
INSTALLED = REPOSITORY / ".cache/chp/node_modules/.bin/configurable-http-proxy"


def need_chp() -> None:
    if not (INSTALLED.exists() or shutil.which("configurable-http-proxy")):
        lack("configurable-http-proxy is missing: python benchmarks/peers.py chp")
