"""Container images, for Docker and Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from ...errors import PublicError, SettingError
from ..launch import Launch
from ..validators.base import BaseValidator, Verdict
from .base import EntrypointType, Option, Typed
from .docker_config import DOCKER_HUB_NAMES, read_login
from .image_registry import AWAY, ImageRegistry

REFERENCE = (
    r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?"
    r"(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
# Where Docker Hub keeps images whose name has one part only.
OFFICIAL = "library/"


class Reference(NamedTuple):
    """registry/repository:tag@digest."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        path = "/".join(part for part in (self.registry, self.repository) if part)
        tag = f":{self.tag}" if self.tag else ""
        return f"{path}{tag}{f'@{self.digest}' if self.digest else ''}"


def parse_reference(written: str) -> Reference:
    """The parts of an image's name, as Docker reads it."""
    path, _, digest = written.partition("@")
    first, slash, rest = path.partition("/")
    has_registry = slash and (re.search(r"[.:]", first) or first == "localhost")
    registry = first if has_registry else ""
    path = rest if has_registry else path
    repository, _, tag = path.partition(":")
    return Reference(registry, repository, tag, digest)


class ContainerImage(EntrypointType):
    """An image, on systems whose spawner runs containers.

    allowed_images: patterns such as "quay.io/jupyter/*"; nothing else may be added.
    images: images to offer in the form.
    registry: the address of the registry's API, by the registry's name in an image
        ("" is where names without one come from). An image of a registry that is
        listed is looked up there; of others nobody knows whether it exists.
    docker_config: a file with logins to those registries, as `docker login` writes it.
    patience: seconds that a registry has to answer.
    pin: store the digest that a tag has when it is added, so that it cannot change.
    """

    kind = "container"
    title = "Container image"
    fields = {
        "entrypoint": {
            "type": "string",
            "title": "Image",
            "description": "Such as quay.io/jupyter/base-notebook:latest.",
            "maxLength": 500,
            "pattern": REFERENCE,
        }
    }
    command: Sequence[str] = ()
    traits = frozenset({"image", "cmd"})
    allowed_images: Sequence[str] = ("*",)
    images: Sequence[str] = ()
    registry: Mapping[str, str] = {}
    docker_config = ""
    patience = 10.0
    pin = False
    settings = {
        **EntrypointType.settings,
        "allowed_images": (list, tuple),
        "images": (list, tuple),
        "registry": dict,
        "docker_config": str,
        "patience": (int, float),
        "pin": bool,
    }

    def _check(self) -> None:
        super()._check()
        for registry in self.registry:
            try:
                read_login(self.docker_config, registry)
            except SettingError as error:
                raise SettingError(f"entrypoint_types: {self.name}: {error}") from None

    async def options(self, user: str, system: str) -> list[Option]:
        return [Option(image) for image in self.images]

    def check_fields(self, typed: Typed) -> None:
        super().check_fields(typed)
        image = typed["entrypoint"]
        if not any(fnmatchcase(image, allowed) for allowed in self.allowed_images):
            allowed = ", ".join(self.allowed_images)
            raise PublicError(
                400,
                f"This site does not allow {image} (allowed: {allowed}).",
                field="entrypoint",
            )

    async def prepare(self, typed: Typed, user: str) -> Typed:
        """With the digest that the tag has now, if that is what the site wants."""
        image = parse_reference(typed["entrypoint"])
        if not self.pin or image.digest or image.registry not in self.registry:
            return typed
        digest = await self.digest(image)
        if digest is None:
            return typed  # the check that follows says that it is not there
        if not digest:
            raise PublicError(
                503,
                "The registry does not tell the image's digest.",
                field="entrypoint",
            )
        return {**typed, "entrypoint": str(image._replace(digest=digest))}

    async def validate(
        self, typed: Typed, user: str, hosts: Sequence[str], validator: BaseValidator
    ) -> Verdict:
        image = parse_reference(typed["entrypoint"])
        if image.registry not in self.registry:
            return Verdict(None, "This site does not look images up in its registry.")
        if await self.digest(image) is None:
            return Verdict(False, "The registry has no such image.")
        return Verdict(True, "The registry has it.")

    async def digest(self, image: Reference) -> str | None:
        """What the registry says; None if it has no such image."""
        repository = image.repository
        if image.registry in DOCKER_HUB_NAMES and "/" not in repository:
            repository = OFFICIAL + repository
        try:
            login = read_login(self.docker_config, image.registry)
        except SettingError as error:
            raise PublicError(503, AWAY) from error
        registry = ImageRegistry(self.registry[image.registry], self.patience, login)
        return await registry.digest(repository, image.digest or image.tag or "latest")

    def launch(self, typed: Typed, user: str) -> Launch:
        launch = super().launch(typed, user)
        return Launch(command=launch.command, image=typed["entrypoint"])
