"""docs/settings.md, from the traits themselves: every setting, its help and default.

python -m jupyterhub_suite.settings_page > docs/settings.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc

from traitlets import TraitType
from traitlets.config import Configurable

from .registry import PROXIES, SERVICES, registration

HEAD = """\
# Settings

Every setting of every part, as `c.CLASS.NAME` in a configuration file: proxies in
`jupyterhub_config.py`, services in the service's own file. A setting of a class may
also be set on any class that inherits it. This page is made from the code:
`make settings`.
"""


def documented_classes() -> list[type[Configurable]]:
    """Each class that has settings of its own, those that it inherits from first."""
    leaves = [load(path) for path in PROXIES.values()]
    leaves += [load(registration(name).settings_class) for name in SERVICES]
    found: dict[type[Configurable], None] = {}
    for leaf in leaves:
        for cls in reversed(leaf.__mro__):
            if cls.__module__.startswith("jupyterhub_suite.") and own_settings(cls):
                found[cls] = None
    return list(found)


def load(path: str) -> type[Configurable]:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def own_settings(cls: type) -> dict[str, TraitType]:
    if not issubclass(cls, Configurable):
        return {}
    return cls.class_own_traits(config=True)


def page() -> Iterator[str]:
    yield HEAD
    for cls in documented_classes():
        yield f"\n## {cls.__name__}\n\n"
        yield "| setting | default | |\n|---|---|---|\n"
        for name, trait in sorted(own_settings(cls).items()):
            yield f"| `{name}` | {default(trait)} | {help_text(trait)} |\n"


def default(trait: TraitType) -> str:
    """As one would write it; empty where it depends on other settings."""
    shown = trait.default_value_repr()
    return (
        f"`{cell(shown)}`" if shown not in ("''", "None", "traitlets.Undefined") else ""
    )


def help_text(trait: TraitType) -> str:
    text = " ".join(cleandoc(trait.help).split())
    variable = trait.metadata.get("env")
    return cell(f"{text} (`${variable}`)" if variable else text)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.writelines(page())
