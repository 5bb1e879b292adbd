"""A survey as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .survey import Finding, Survey

COLUMNS = ("server", "action", "stop at", "rule", "last activity", "why")


def table(survey: Survey) -> str:
    """For a terminal: a line for each server, those that go first on top."""
    rows = [line(finding) for finding in soonest_first(survey.servers.values())]
    rows += [
        (
            leaving.person.name,
            "remove",
            "now",
            leaving.decision.rule,
            "",
            leaving.decision.reason,
        )
        for leaving in survey.to_remove({f.server.key for f in survey.to_stop()})
    ]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in (COLUMNS, *rows)
    ]
    return "\n".join(text.rstrip() for text in [*lines, *survey.problems]) + "\n"


def line(finding: Finding) -> tuple[str, ...]:
    server, decision = finding.server, finding.decision
    return (
        printable(str(server.key)),
        decision.action.value,
        moment(decision.at) or "never",
        decision.rule,
        moment(server.last_activity) or "none",
        decision.reason,
    )


def printable(text: str) -> str:
    """A name may hold what a terminal obeys."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def soonest_first(findings: Any) -> Sequence[Finding]:
    """Those without a time last, equals by name."""

    def order(finding: Finding) -> tuple[float, str, str]:
        at = finding.decision.at
        return (at.timestamp() if at else float("inf"), *finding.server.key)

    return sorted(findings, key=order)


def moment(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def as_json(finding: Finding) -> dict[str, Any]:
    server, decision = finding.server, finding.decision
    return {
        "user": server.person.name,
        "server": server.name,
        "started": moment(server.started),
        "last_activity": moment(server.last_activity),
        "action": decision.action.value,
        "stop_at": moment(decision.at),
        "reason": decision.reason,
        "rule": decision.rule,
        "kept_until": moment(server.kept_until),
        "warned_at": moment(server.warned_at),
        "busy": server.busy,
    }
