"""What Prometheus reads: states, counts and times, from what the database keeps.

All of it is counted in the database, so a restart resets no counter, and every
replica says the same: an alert takes the maximum over replicas.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from .checks.base import Check
from .model import Code, Result
from .store import Store
from .summary import judge
from .tally import BUCKETS, Tally

PREFIX = "jupyterhub_suite_status"


class StatusCollector(Collector):
    """Holds the last that was read, as a scrape cannot wait for the database."""

    def __init__(
        self, checks: Mapping[str, Check], registry: CollectorRegistry
    ) -> None:
        self._checks = checks
        self._latest: dict[str, list[Result]] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        registry.register(self)

    async def refresh(self, store: Store) -> None:
        self._latest = await store.latest(self._checks)
        self._tallies = await store.tallies()

    def collect(self) -> Iterator[Metric]:
        yield self._states()
        yield from self._numbers()
        yield self._last_success()
        yield self._runs()
        yield self._stages()

    def _states(self) -> Metric:
        metric = GaugeMetricFamily(
            f"{PREFIX}_state",
            "State of a check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN",
            labels=["check"],
        )
        now = time.time()
        for name, check in self._checks.items():
            result = next(iter(self._latest.get(name, [])), None)
            metric.add_metric([name], judge(check, result, now).code)
        return metric

    def _numbers(self) -> Iterator[Metric]:
        metric = GaugeMetricFamily(
            f"{PREFIX}_number", "What a check counted", labels=["check", "number"]
        )
        last = GaugeMetricFamily(
            f"{PREFIX}_last_run_timestamp_seconds",
            "When a check ran last",
            labels=["check"],
        )
        for name in self._checks:
            for result in self._latest.get(name, []):
                last.add_metric([name], result.time)
                for number, value in result.numbers.items():
                    metric.add_metric([name, number], value)
        yield metric
        yield last

    def _known(self) -> Iterator[tuple[str, str, Tally]]:
        for (name, what), tally in self._tallies.items():
            if name in self._checks:
                yield name, what, tally

    def _last_success(self) -> Metric:
        metric = GaugeMetricFamily(
            f"{PREFIX}_last_success_timestamp_seconds",
            "When a check was OK or WARNING last",
            labels=["check"],
        )
        latest: dict[str, float] = {}
        for name, what, tally in self._known():
            if what in (Code.OK.name, Code.WARNING.name):
                latest[name] = max(latest.get(name, 0), tally.last)
        for name, last in latest.items():
            metric.add_metric([name], last)
        return metric

    def _runs(self) -> Metric:
        metric = CounterMetricFamily(
            f"{PREFIX}_runs", "Runs of a check by outcome", labels=["check", "outcome"]
        )
        for name, what, tally in self._known():
            if what in Code.__members__:
                metric.add_metric([name, what], tally.count)
        return metric

    def _stages(self) -> Metric:
        metric = HistogramMetricFamily(
            f"{PREFIX}_stage_duration_seconds",
            "Seconds that a stage of a check took when it succeeded",
            labels=["check", "stage"],
        )
        for name, what, tally in self._known():
            if what.startswith("stage:"):
                limits = [str(float(limit)) for limit in BUCKETS]
                buckets = [
                    *zip(limits, tally.buckets, strict=True),
                    ("+Inf", tally.count),
                ]
                labels = [name, what.removeprefix("stage:")]
                metric.add_metric(labels, buckets, tally.seconds)
        return metric
