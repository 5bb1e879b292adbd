"""The suite's options. This is loaded in every pytest run: import nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("jupyterhub proxy conformance")
    group.addoption(
        "--proxy-class",
        metavar="CLASS",
        help="the JupyterHub proxy class to hold against the conformance suite: "
        "an import path, or the name of an entry point",
    )
    group.addoption(
        "--proxy-config",
        metavar="FILE",
        help="a jupyterhub_config.py that configures the class given to --proxy-class",
    )
