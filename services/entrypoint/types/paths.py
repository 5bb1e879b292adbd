"""Types that are a path on the system: conda, script, executable; and trusted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ...bodies import Schema
from ...errors import PublicError
from ..launch import Launch
from ..validators.base import BaseValidator, Verdict
from .base import PATH, PRINTABLE, TEXT, EntrypointType, Option, Typed

# Not every environment has JupyterLab's own program. Only where it starts can be seen
# what an environment has. Its path is an argument of this fixed text, and so is what
# launches the program that is found.
LAB_OR_SERVER = """
launcher=$1; shift
program=$0/bin/jupyter-labhub
test -x "$program" || program=$0/bin/jupyterhub-singleuser
exec "$launcher" "$program" "$@"
"""


class CondaEnvironment(EntrypointType):
    """A conda environment, by its path or by the name it has in a known place.

    executable: the program in its bin that starts a server; by default
        jupyter-labhub, or jupyterhub-singleuser where the other is not there.
    """

    kind = "conda"
    title = "Conda environment"
    fields = {
        "entrypoint": {
            **TEXT,
            "title": "Environment",
            "description": "The path of the environment, or its name.",
            "examples": ["/home/me/.conda/envs/science"],
            # A path, or a name that cannot leave the place where names live.
            "pattern": rf"^(/{PRINTABLE}*|[A-Za-z0-9_][A-Za-z0-9._-]*)$",
        }
    }
    wrapper: Sequence[str] = ("/bin/sh", "-c", LAB_OR_SERVER, "{entrypoint}")
    launcher: Sequence[str] = ("env",)
    command: Sequence[str] = ()
    batch_launcher = "{entrypoint}/bin/batchspawner-singleuser"
    environment = {"CONDA_PREFIX": "{entrypoint}"}
    traits = EntrypointType.traits | {"environment"}
    # Where environments are that are known by name.
    envs_path = "/home/{user}/.conda/envs"
    executable = ""
    settings = {**EntrypointType.settings, "envs_path": str, "executable": str}

    def _check(self) -> None:
        if self.executable and not self.command:
            self.command = (f"{{entrypoint}}/bin/{self.executable}",)
        if self.command:
            self.wrapper = self.launcher = ()
        super()._check()

    def prefix(self, typed: Typed, user: str) -> str:
        written: str = typed["entrypoint"]
        if written.startswith("/"):
            return written.rstrip("/")
        if "/" in user or user in (".", ".."):
            raise PublicError(400, "Give the whole path.", field="entrypoint")
        return f"{self.envs_path.replace('{user}', user)}/{written}"

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        known = {**typed, "entrypoint": self.prefix(typed, user)}
        return await super().validate(known, user, hosts, validator)

    def launch(self, typed: Typed, user: str) -> Launch:
        known = {**typed, "entrypoint": self.prefix(typed, user)}
        return super().launch(known, user)


class StartupScript(EntrypointType):
    """A script that prepares and then runs what it is handed: `exec "$@"`."""

    kind = "script"
    title = "Start-up script"
    fields = {
        "entrypoint": {
            **PATH,
            "title": "Script",
            "description": 'The path of an executable script that ends in exec "$@".',
            "examples": ["/home/me/bin/start-lab.sh"],
        }
    }
    wrapper = ("{entrypoint}",)
    command = ("jupyterhub-singleuser",)


ARGUMENTS: Schema = {
    "type": "array",
    "title": "Arguments",
    "description": "One a line.",
    "items": {**TEXT, "maxLength": 1000},
    "maxItems": 50,
}


class Executable(EntrypointType):
    """A program that starts a server by itself."""

    kind = "executable"
    title = "Executable"
    fields = {
        "entrypoint": {
            **PATH,
            "title": "Executable",
            "description": "The path of a program that starts a Jupyter server.",
            "examples": ["/opt/jupyter/bin/jupyter-labhub"],
        },
        "arguments": ARGUMENTS,
    }
    command = ("{entrypoint}", "{arguments}")

    def launch(self, typed: Typed, user: str) -> Launch:
        return super().launch({"arguments": [], **typed}, user)


class TrustedScript(EntrypointType):
    """Scripts that the administrator wrote down, for users to pick from.

    `scripts` maps what people read to the path, or to all words of the command.
    """

    kind = "trusted_script"
    title = "Prepared script"
    mutable = False
    fields = {"entrypoint": {**TEXT, "title": "Script"}}
    wrapper: Sequence[str] = ()
    command = ("jupyterhub-singleuser",)
    scripts: ClassVar[dict[str, str | list[str]]] = {}
    settings = {**EntrypointType.settings, "scripts": dict}

    async def options(self, user: str, system: str) -> list[Option]:
        return [Option(label) for label in self.scripts]

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        self.words(typed)
        return Verdict(True, "Prepared by the administrator.")

    def words(self, typed: Typed) -> tuple[str, ...]:
        label = typed["entrypoint"]
        if label not in self.scripts:
            raise PublicError(
                409, f"The script {label!r} is no longer offered.", field="entrypoint"
            )
        script = self.scripts[label]
        return (script,) if isinstance(script, str) else tuple(script)

    def launch(self, typed: Typed, user: str) -> Launch:
        return Launch(command=tuple(self.command), wrapper=self.words(typed))
