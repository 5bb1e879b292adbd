"""Environment modules: loaded in front of the server, by one fixed script."""

from __future__ import annotations

from collections.abc import Sequence

from ..launch import Launch
from ..validators.base import BaseValidator, Verdict
from .base import EntrypointType, Typed

# How many modules there are comes first, then their names, then the command. All
# are arguments: nothing that a user wrote is part of the script.
LOAD = """
count=$1; shift
while [ "$count" -gt 0 ]; do
  module load "$1" || exit 1
  shift; count=$((count - 1))
done
exec "$@"
"""


class Modules(EntrypointType):
    """Names of modules, with spaces between them."""

    kind = "modules"
    title = "Modules"
    fields = {
        "entrypoint": {
            "type": "string",
            "title": "Modules",
            "description": "Names with spaces between them, loaded in that order.",
            "examples": ["python/3.11 cuda/12.4"],
            "maxLength": 1000,
            # No name begins with a dash, which `module` would take for an option.
            "pattern": r"^[A-Za-z0-9_][A-Za-z0-9._/+-]*( [A-Za-z0-9_][A-Za-z0-9._/+-]*)*$",
        }
    }
    command: Sequence[str] = ("jupyterhub-singleuser",)
    # A login shell, for that is where `module` is defined.
    shell: Sequence[str] = ("/bin/bash", "-l")
    settings = {**EntrypointType.settings, "shell": (list, tuple)}

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        if self.validator is not None:
            return await super().validate(typed, user, hosts, self.validator)
        return Verdict(None, "Modules are first tried when your server starts.")

    def launch(self, typed: Typed, user: str) -> Launch:
        launch = super().launch(typed, user)
        names = typed["entrypoint"].split(" ")
        wrapper = (*self.shell, "-c", LOAD, "modules", str(len(names)), *names)
        return Launch(command=launch.command, wrapper=wrapper)
