"""What every service counts: requests and how long they took, by handler."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from tornado.web import RequestHandler


class RequestMetrics:
    """Counts into the registry that it is handed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["handler", "method"]
        self.requests = Counter(
            "jupyterhub_suite_requests",
            "Requests answered, by handler, method and status",
            [*labels, "status"],
            registry=registry,
        )
        self.durations = Histogram(
            "jupyterhub_suite_request_duration_seconds",
            "Seconds from the first byte of a request to its answer",
            labels,
            registry=registry,
        )

    def record(self, handler: RequestHandler) -> None:
        # A method that nobody serves is a label that a stranger could invent.
        method = handler.request.method or ""
        if method not in handler.SUPPORTED_METHODS:
            method = "other"
        labels = (type(handler).__name__, method)
        self.requests.labels(*labels, str(handler.get_status())).inc()
        self.durations.labels(*labels).observe(handler.request.request_time())


def process_registry() -> CollectorRegistry:
    """A registry of one service's own, with what the process itself can tell."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry
