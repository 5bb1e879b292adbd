"""The contract of an entrypoint's type, for ours and for a site's own.

A type says what a user fills in (`fields`), what can be picked (`options`), how
it is checked (`validate`), and what it starts (`launch`). A site's own type:

    class RStudio(EntrypointType):
        title = "RStudio"
        fields = {"entrypoint": {"enum": ["4.4", "4.5"], "title": "Version"}}
        command = ("/opt/rstudio-{entrypoint}/bin/rserver",)

    c.EntrypointService.entrypoint_types = [{"name": "rstudio", "class": RStudio}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...bodies import Schema, check
from ...errors import PublicError, SettingError
from ..launch import Launch, check_template, fill, spawner_settings
from ..validators.base import BaseValidator, Verdict

# Anything but control characters.
PRINTABLE = r"[^\u0000-\u001f\u007f]"
TEXT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 4096,
    "pattern": rf"^{PRINTABLE}*$",
}
PATH: Schema = {**TEXT, "pattern": rf"^/{PRINTABLE}*$"}

# What a user typed: field name to value; `entrypoint` is always among them.
Typed = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """Something ready to be picked: its value, and what people call it."""

    value: str
    label: str = ""


class EntrypointType:
    """One kind of entrypoint. Class attributes are defaults of its settings."""

    # What a check is told that this is; a site's subclass inherits it.
    kind: str = ""
    title: str = ""
    # May users add their own, or only pick from what there is?
    mutable: bool = True
    help_link: str = ""
    # Name to JSON Schema. `title`, `description` and `examples` are shown.
    fields: Mapping[str, Schema] = {"entrypoint": {**TEXT, "title": "Entrypoint"}}
    required: Sequence[str] = ("entrypoint",)
    # Words with {field} and {user} in them; never seen by a shell.
    command: Sequence[str] = ("{entrypoint}",)
    wrapper: Sequence[str] = ()
    # Between the two, where no batch launcher is.
    launcher: Sequence[str] = ()
    environment: Mapping[str, str] = {}
    batch_launcher: str = "batchspawner-singleuser"
    # The only spawner traits that this type may ever set.
    traits: frozenset[str] = frozenset({"cmd", "batchspawner_singleuser_cmd"})
    # In place of the service's own validator.
    validator: BaseValidator | None = None
    # What the dictionary in `entrypoint_types` may set, and of which type it is.
    settings: ClassVar[Mapping[str, type | tuple[type, ...]]] = {
        "display_name": str,
        "mutable": bool,
        "help_link": str,
        "fields": Mapping,
        "command": (list, tuple),
        "batch_launcher": str,
        "validator": BaseValidator,
    }

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.display_name = self.title or name
        for setting, value in settings.items():
            self._set(setting, value)
        self._check()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _set(self, setting: str, value: Any) -> None:
        where = f"entrypoint_types: {self.name}: {setting}"
        if setting not in self.settings:
            known = ", ".join(sorted(self.settings))
            raise SettingError(f"{where}: there is no such setting (known: {known})")
        if not isinstance(value, self.settings[setting]):
            raise SettingError(f"{where} is {value!r}: {type(value).__name__} won't do")
        setattr(self, setting, value)
        if setting == "command":
            # The whole command, so nothing else comes before it.
            self.wrapper = ()

    def _check(self) -> None:
        where = f"entrypoint_types: {self.name}"
        if "entrypoint" not in self.fields:
            self.fields = {**EntrypointType.fields, **self.fields}
        known = {*self.fields, "user"}
        templates = (self.command, self.wrapper, (self.batch_launcher,))
        for template in (*templates, tuple(self.environment.values())):
            check_template(template, known, where)
        if self.help_link and urlsplit(self.help_link).scheme not in (
            "http",
            "https",
            "",
        ):
            raise SettingError(f"{where}: help_link {self.help_link!r} is no web page")

    # What a user fills in.

    def schema(self) -> Schema:
        """Of all fields together."""
        return {
            "type": "object",
            "properties": dict(self.fields),
            "required": list(self.required),
            "additionalProperties": False,
        }

    def check_fields(self, typed: Typed) -> None:
        """400 with the field at fault, and what is expected in it."""
        try:
            check(dict(typed), self.schema())
        except PublicError as error:
            field = error.details["field"].partition(".")[0]
            expected = self.fields.get(field, {}).get("description")
            if not expected or field not in typed:
                raise
            raise PublicError(
                400, f"{field}: this does not fit. {expected}", field=field
            ) from None

    async def options(self, user: str, system: str) -> list[Option]:
        """What can be picked without being added first."""
        return []

    async def prepare(self, typed: Typed, user: str) -> Typed:
        """What is stored of what was typed, such as an image with its digest."""
        return typed

    # What it becomes.

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        """Does it work for this user on these hosts?"""
        chosen = self.validator or validator
        kind = self.kind or self.name
        return Verdict.of(
            await chosen.validate(user, typed["entrypoint"], kind, list(hosts))
        )

    def launch(self, typed: Typed, user: str) -> Launch:
        values = {**typed, "user": user}
        names = list(self.environment)
        filled = fill(tuple(self.environment.values()), values)
        return Launch(
            command=fill(self.command, values),
            wrapper=fill(self.wrapper, values),
            launcher=tuple(self.launcher),
            environment=dict(zip(names, filled, strict=True)),
            batch_launcher=fill((self.batch_launcher,), values)[0],
        )

    def spawner_settings(self, typed: Typed, user: str, spawner: str) -> dict[str, Any]:
        """The spawner's traits, and none besides those that the type names."""
        settings = spawner_settings(self.launch(typed, user), spawner)
        refused = sorted(set(settings) - self.traits)
        if refused:
            raise PublicError(
                500, f"The type {self.name} may not set {', '.join(refused)}."
            )
        return settings
