"""What pyproject.toml asks for, to build and to run it: requirements.py EXTRA …"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

asked = tomllib.loads(Path("pyproject.toml").read_text())
wanted = [*asked["build-system"]["requires"], *asked["project"]["dependencies"]]
for extra in sys.argv[1:]:
    wanted += asked["project"]["optional-dependencies"][extra]
sys.stdout.write("\n".join([*wanted, ""]))
