"""docs/settings.md, from the traits themselves: every setting, its help and default.

python -m jupyterhub_suite.settings_page > docs/settings.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc

from traitlets import HasTraits, TraitType
from traitlets.traitlets import DefaultHandler

from .registry import PROXIES, SERVICES, registration

# What the Hub loads of ours besides a proxy.
SPAWNERS = [
    "jupyterhub_suite.hub.spawners.entrypoint.EntrypointHook",
    "jupyterhub_suite.hub.spawners.entrypoint.EntrypointSpawnerMixin",
]

HEAD = """\
# Settings

Every setting of every part, as `c.CLASS.NAME` in a configuration file: proxies and
spawners in `jupyterhub_config.py`, services in the service's own file. `c.TraefikProxy`
sets what all Traefik proxies have. This page is made from the code: `make settings`.
"""


def documented_classes() -> dict[type[HasTraits], list[str]]:
    """Each class that has settings of its own, and the classes that an operator uses.

    Those that others inherit from stand first.
    """
    paths = [*PROXIES.values(), *SPAWNERS]
    paths += [registration(name).settings_class for name in SERVICES]
    found: dict[type[HasTraits], list[str]] = {}
    for leaf in map(load, paths):
        for cls in reversed(leaf.__mro__):
            if cls.__module__.startswith("jupyterhub_suite.") and own_settings(cls):
                found.setdefault(cls, []).append(leaf.__name__)
    return found


def load(path: str) -> type[HasTraits]:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def own_settings(cls: type) -> dict[str, TraitType]:
    if not issubclass(cls, HasTraits):
        return {}
    return cls.class_own_traits(config=True)


def page() -> Iterator[str]:
    yield HEAD
    for cls, used in documented_classes().items():
        yield f"\n## {cls.__name__}\n\n"
        if used != [cls.__name__]:
            yield f"Set on {', '.join(f'`{name}`' for name in used)}.\n\n"
        yield "| setting | default | |\n|---|---|---|\n"
        for name, trait in sorted(own_settings(cls).items()):
            yield f"| `{name}` | {default(cls, trait)} | {help_text(trait)} |\n"


def default(cls: type[HasTraits], trait: TraitType) -> str:
    """As one would write it; empty where it depends on other settings."""
    shown = trait.default_value_repr()
    if trait.name in computed(cls) or shown in ("''", "None", "traitlets.Undefined"):
        return ""
    return f"`{cell(shown)}`"


def computed(cls: type[HasTraits]) -> set[str]:
    handlers = (own for own in vars(cls).values() if isinstance(own, DefaultHandler))
    return {handler.trait_name for handler in handlers}


def help_text(trait: TraitType) -> str:
    text = " ".join(cleandoc(trait.help).split())
    variable = trait.metadata.get("env")
    return cell(f"{text} (`${variable}`)" if variable else text)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.writelines(page())
