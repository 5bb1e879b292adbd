"""What the Hub itself does not say, and operators build dashboards on.

Labels come from what users choose, so their number is bounded: the values that most
servers have are named, all others are one. User names are no labels unless the
setting `metrics_users` says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jupyterhub_suite.services.hub import HubClient

from .checks.hub import Server, read_servers, read_time

PREFIX = "jupyterhub_suite_hub"
MOST_VALUES = 20
LONGEST_VALUE = 100
OTHER = "(other)"
# What a server was started with, by the names that spawners use for it.
OPTIONS = {
    "profile": ("profile",),
    "image": ("image", "docker_image"),
    "entrypoint": ("entrypoint",),
}
DAY = 86400
ACTIVE_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Census:
    """Who and what there is on the Hub, counted."""

    time: float = 0
    servers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    active: Mapping[int, int] = field(default_factory=dict)
    oldest_pending: float = 0
    by_user: Mapping[str, int] = field(default_factory=dict)


def take_census(users: Iterable[Mapping[str, Any]], now: float) -> Census:
    known = list(users)
    servers = [server for user in known for server in read_servers(user)]
    running = [server for server in servers if server.ready]
    seen = [read_time(user.get("last_activity")) or 0 for user in known]
    waits = [now - s.started for s in servers if s.pending == "spawn" and s.started]
    by_option = {
        label: bounded(Counter(option(server, names) for server in running))
        for label, names in OPTIONS.items()
    }
    groups = Counter(group for server in running for group in server.groups)
    return Census(
        time=now,
        servers={**by_option, "group": bounded(groups)},
        active={days: sum(t > now - days * DAY for t in seen) for days in ACTIVE_DAYS},
        oldest_pending=max(waits, default=0),
        by_user=Counter(server.user for server in running),
    )


def option(server: Server, names: Iterable[str]) -> str:
    """What the server was started with; only plain values can be labels."""
    for name in names:
        value = server.user_options.get(name)
        if isinstance(value, str | int) and value != "":
            return str(value)[:LONGEST_VALUE]
    return "(default)"


def bounded(counts: Counter[str]) -> dict[str, int]:
    """The commonest values by name, and the rest as one."""
    named = dict(counts.most_common(MOST_VALUES))
    rest = counts.total() - sum(named.values())
    return {**named, OTHER: named.get(OTHER, 0) + rest} if rest else named


class CensusCollector(Collector):
    """Holds the last census, as a scrape cannot wait for the Hub."""

    def __init__(self, registry: CollectorRegistry, with_users: bool) -> None:
        self._with_users = with_users
        self._census = Census()
        registry.register(self)

    async def refresh(self, hub: HubClient, now: float) -> None:
        users = [user async for user in hub.pages("users")]
        self._census = take_census(users, now)

    def collect(self) -> Iterator[Metric]:
        census = self._census
        if not census.time:
            return
        for label, counts in census.servers.items():
            yield gauge(
                f"servers_by_{label}", f"Running servers by {label}", label, counts
            )
        active = {f"{days}d": count for days, count in census.active.items()}
        yield gauge("active_users", "Users active in so many days", "period", active)
        if self._with_users:
            yield gauge("servers_by_user", "Running servers", "user", census.by_user)
        for name, text, value in (
            (
                "oldest_pending_spawn_seconds",
                "Age of the oldest pending spawn",
                census.oldest_pending,
            ),
            ("census_timestamp_seconds", "When the Hub was asked last", census.time),
        ):
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def gauge(name: str, text: str, label: str, counts: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
    for value, count in counts.items():
        metric.add_metric([value], count)
    return metric
