"""JupyterHub's own proxy keeps the promises, but for the differences in the docs."""

from __future__ import annotations

from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

from tests.proxy.conformance.control import CONFIG, REPOSITORY, need_chp
from tests.proxy.conformance.suite import assert_conforms


def test_jupyterhubs_own_proxy_conforms(tmp_path: Path) -> None:
    need_chp()
    assert_conforms(tmp_path, f"--proxy-config={CONFIG}")


def test_its_known_differences_are_in_the_docs() -> None:
    config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
    docs = (REPOSITORY / "docs/conformance.md").read_text()
    for test, reason in config.Conformance.known_differences.items():
        assert f"| `{test}` | {reason} |" in docs
