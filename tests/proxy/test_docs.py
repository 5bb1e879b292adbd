"""The documentation names every metric."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from jupyterhub_suite.proxy import metrics

DOCS = Path(__file__).parents[2] / "docs/proxies.md"


def test_every_metric_is_documented() -> None:
    registry = CollectorRegistry()
    metrics.ProxyMetrics(registry)
    text = DOCS.read_text()
    for family in registry.collect():
        assert family.name.removeprefix("jupyterhub_proxy_") in text
