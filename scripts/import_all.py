"""Import every module of the package that is installed here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import jupyterhub_suite

# Alembic runs these itself, in a context of its own.
SCRIPTS = ("migrations",)


def modules(package: Path) -> list[str]:
    files = sorted(
        file.relative_to(package.parent).with_suffix("")
        for file in package.rglob("*.py")
        if not set(SCRIPTS) & set(file.parent.parts)
    )
    return [".".join(file.parts).removesuffix(".__init__") for file in files]


names = modules(Path(jupyterhub_suite.__file__).parent)
for name in names:
    importlib.import_module(name)
sys.stdout.write(f"{len(names)} modules import\n")
