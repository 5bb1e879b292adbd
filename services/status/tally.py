"""What is counted of each result, for Prometheus: outcomes, and times by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .model import Result

# Upper limits in seconds of the histograms' buckets; beyond the last is +Inf.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True)
class Tally:
    """How often something was seen, how long it took in all, and when at last."""

    count: int = 0
    seconds: float = 0
    # One count for each of BUCKETS: how many took no longer than that.
    buckets: tuple[int, ...] = (0,) * len(BUCKETS)
    last: float = 0

    def plus(self, seconds: float, time: float) -> Tally:
        return Tally(
            self.count + 1,
            self.seconds + seconds,
            tuple(
                count + (seconds <= limit)
                for count, limit in zip(self.buckets, BUCKETS, strict=True)
            ),
            max(self.last, time),
        )


def counted(result: Result) -> Iterator[tuple[str, float]]:
    """What a result adds to, and the seconds of it. A stage that failed has no time
    worth comparing: it ended early, or at the limit."""
    yield result.code.name, result.seconds
    for stage in result.stages:
        if not stage.failed:
            yield f"stage:{stage.name}", stage.seconds
