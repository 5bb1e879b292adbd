"""The command `jupyterhub-suite`: a sub-command for each service, and for operators."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from . import __version__
from .registry import SERVICES, registration

Command = Callable[[list[str]], int]


def version(arguments: list[str]) -> int:
    """Print the version."""
    sys.stdout.write(f"jupyterhub-suite {__version__}\n")
    return 0


def doctor(arguments: list[str]) -> int:
    """Check this installation, the Hub and the services, and say what to do."""
    from .doctor import main

    return main(arguments)


def routes(arguments: list[str]) -> int:
    """Show the routes as the Hub, the store and each Traefik see them."""
    from .proxy.commands import routes

    return routes(arguments)


def traefik_config(arguments: list[str]) -> int:
    """Print the static configuration that an external Traefik needs."""
    from .proxy.commands import traefik_config

    return traefik_config(arguments)


# Words, and what they do; every service is a word of its own besides.
COMMANDS: dict[str, Command] = {
    "doctor": doctor,
    "routes": routes,
    "traefik-config": traefik_config,
    "version": version,
}


def service_command(name: str) -> Command:
    """The same program as `python -m jupyterhub_suite.services.NAME`."""
    return import_module(f"{registration(name).module}.__main__").main


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    word, rest = (words[0], words[1:]) if words else ("--help", [])
    if word in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    if word == "--version":
        return version(rest)
    if word in SERVICES:
        return service_command(word)(rest)
    if word in COMMANDS:
        return COMMANDS[word](rest)
    sys.stderr.write(f"jupyterhub-suite: there is no command {word!r}\n\n{usage()}")
    return 2


def usage() -> str:
    rows = [(name, f"The service {name}.") for name in SERVICES]
    rows += [(name, (run.__doc__ or "").strip()) for name, run in COMMANDS.items()]
    listing = "\n".join(f"  {name:<16}{help_text}" for name, help_text in rows)
    return (
        "usage: jupyterhub-suite COMMAND [--help | …]\n\n"
        f"{__version__}: everything that a production JupyterHub needs around the Hub\n"
        f"\n{listing}\n"
    )
