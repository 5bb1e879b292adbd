"""What an entrypoint can be: one small class a type.

base        the contract, and how a site writes a type of its own
paths       conda environments, scripts, executables, an administrator's scripts
shifter     Shifter images, from a site's image service
container   container images, for Docker and Kubernetes
image_registry   where those are, and which digest a tag has
modules     environment modules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from traitlets.utils.importstring import import_item

from ...errors import SettingError
from ..systems import check_name
from .base import EntrypointType, Option, Typed
from .container import ContainerImage
from .modules import Modules
from .paths import CondaEnvironment, Executable, StartupScript, TrustedScript
from .shifter import ShifterImage

__all__ = ["TYPES", "EntrypointType", "Option", "Typed", "parse_types"]

TYPES: dict[str, type[EntrypointType]] = {
    cls.kind: cls
    for cls in (
        CondaEnvironment,
        StartupScript,
        Executable,
        TrustedScript,
        ShifterImage,
        ContainerImage,
        Modules,
    )
}


def parse_types(written: Sequence[Mapping[str, Any]]) -> dict[str, EntrypointType]:
    """The setting `entrypoint_types`, by name; says which one is wrong, and why."""
    types: dict[str, EntrypointType] = {}
    for place, entry in enumerate(written):
        where = f"entrypoint_types[{place}]"
        settings = dict(entry)
        name = check_name(settings.pop("name", None), where)
        if name in types:
            raise SettingError(f"{where}: there are two types named {name!r}")
        cls = find_class(settings.pop("class", None), name, where)
        types[name] = cls(name, **settings)
    return types


def find_class(written: object, name: str, where: str) -> type[EntrypointType]:
    """A class, the name of one of ours, or where to import one from.

    Without any, a type that is named as one of ours is that one.
    """
    if written is None:
        return TYPES.get(name, EntrypointType)
    if isinstance(written, str):
        written = TYPES.get(written) or import_class(written, where)
    if isinstance(written, type) and issubclass(written, EntrypointType):
        return written
    raise SettingError(f"{where}: class {written!r} is no EntrypointType")


def import_class(path: str, where: str) -> object:
    try:
        return import_item(path)
    except (ImportError, ValueError) as error:
        known = ", ".join(TYPES)
        raise SettingError(
            f"{where}: class {path!r} is none of {known}, and cannot be imported:"
            f" {error}"
        ) from None
