"""What the culler counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .policy import Decision
from .survey import Survey

SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1800)


class CullerMetrics:
    """Counts into the registry that it is handed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.stops = Counter(
            "culler_stops",
            "Servers stopped and users removed, by what for and what came of it",
            ["kind", "cause", "outcome"],
            registry=registry,
        )
        self.sweep_durations = Histogram(
            "culler_sweep_duration_seconds",
            "Seconds that a sweep took",
            buckets=SECONDS,
            registry=registry,
        )
        self.sweep_errors = Counter(
            "culler_sweep_errors", "Sweeps that failed", registry=registry
        )
        self.notice_errors = Counter(
            "culler_notice_errors",
            "Warnings that could not be sent",
            ["channel"],
            registry=registry,
        )
        self.last_sweep = Gauge(
            "culler_last_sweep_timestamp_seconds",
            "When the last sweep that succeeded began",
            registry=registry,
        )
        self.servers = Gauge(
            "culler_servers", "Servers that the last sweep saw", registry=registry
        )
        self.candidates = Gauge(
            "culler_candidates",
            "Servers that the last sweep wanted to stop",
            registry=registry,
        )
        self.leases = Gauge(
            "culler_leases", "Servers that somebody keeps", registry=registry
        )
        self.held = Gauge(
            "culler_held", "1 if the last sweep was held by a brake", registry=registry
        )
        self.problems = Gauge(
            "culler_problems",
            "Servers and users that the Hub told strange things of",
            registry=registry,
        )

    def record(self, survey: Survey, held: str | None) -> None:
        self.last_sweep.set(survey.at.timestamp())
        self.servers.set(len(survey.servers))
        self.candidates.set(len(survey.to_stop()))
        self.leases.set(sum(bool(f.server.kept_until) for f in survey.servers.values()))
        self.held.set(bool(held))
        self.problems.set(len(survey.problems))

    def count_stop(self, kind: str, decision: Decision, outcome: str) -> None:
        self.stops.labels(kind, decision.cause, outcome).inc()
