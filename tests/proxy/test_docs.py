"""The documentation names every setting, and every setting that it names exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyterhub_suite.proxy import classes, metrics

DOCS = Path(__file__).parents[2] / "docs/proxies.md"
KINDS = [
    classes.TraefikFileProviderProxy,
    classes.TraefikEtcdProxy,
    classes.TraefikRedisProxy,
    classes.TraefikConsulProxy,
    classes.TraefikHTTPProviderProxy,
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_documented(kind: Any) -> None:
    text = DOCS.read_text()
    ours = {
        name
        for name, trait in kind.class_traits(config=True).items()
        if trait.this_class.__module__.startswith("jupyterhub_suite")
    }
    assert [name for name in sorted(ours) if f"| `{name}` |" not in text] == []


def test_every_metric_is_documented() -> None:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    metrics.ProxyMetrics(registry)
    text = DOCS.read_text()
    for family in registry.collect():
        assert family.name.removeprefix("jupyterhub_proxy_") in text
