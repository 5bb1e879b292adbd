"""Everything that a production JupyterHub needs around the Hub.

Read on in this order:

proxy       routes users to their servers, through Traefik
services    what runs beside the Hub, on one small base class

configure   all of it in a Hub's configuration, in one call
registry    what there is, by name
cli         the command: a sub-command a service, and `doctor`
"""

from __future__ import annotations

from importlib.metadata import version

from .configure import configure

__all__ = ["__version__", "configure"]

__version__ = version("jupyterhub-suite")
