"""Everything that a production JupyterHub needs around the Hub.

Read on in this order:

proxy       routes users to their servers, through Traefik
services    what runs beside the Hub, on one small base class
"""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("jupyterhub-suite")
