"""What the proxy measures about itself, beside the Hub's own metrics.

The registry is handed in. The Hub's is the default one, so that ``/hub/metrics`` shows
all of it; tests use one of their own.
"""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

PREFIX = "jupyterhub_proxy"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, float("inf"))
SIZES = (1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10000, float("inf"))


class ProxyMetrics:
    """Counters and gauges, under names of what they mean."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge(
            f"{PREFIX}_changes_waiting",
            "Route changes that wait to be written",
            registry=registry,
        )
        self._batch = Histogram(
            f"{PREFIX}_batch_size",
            "Route changes that were written at once",
            buckets=SIZES,
            registry=registry,
        )
        self._confirmed = Histogram(
            f"{PREFIX}_confirm_seconds",
            "Time from a write until a Traefik had loaded it",
            ["replica"],
            buckets=SECONDS,
            registry=registry,
        )
        self._replica = Gauge(
            f"{PREFIX}_replica_current",
            "1 if a Traefik has all routes, 0 if it is down or behind",
            ["replica"],
            registry=registry,
        )
        self._repairs = Counter(
            f"{PREFIX}_repairs",
            "Entries that the store held wrongly, and that were mended",
            registry=registry,
        )
        self._restarts = Counter(
            f"{PREFIX}_traefik_restarts",
            "Times that a Traefik had to be started again",
            registry=registry,
        )

    def waiting(self, changes: int) -> None:
        self._waiting.set(changes)

    def batch(self, size: int) -> None:
        if size:
            self._batch.observe(size)

    def confirmed(self, replica: str, seconds: float) -> None:
        self._confirmed.labels(replica).observe(seconds)
        self.replica(replica, True)

    def replica(self, replica: str, current: bool) -> None:
        self._replica.labels(replica).set(current)

    def repaired(self, entries: int) -> None:
        self._repairs.inc(entries)

    def restarted(self) -> None:
        self._restarts.inc()


@lru_cache(maxsize=1)
def hub_metrics() -> ProxyMetrics:
    """The metrics in the Hub's registry, which refuses to have them twice."""
    return ProxyMetrics(REGISTRY)
