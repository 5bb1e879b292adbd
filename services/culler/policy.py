"""What is to be done with a server, when, and why. Pure: no clock, no network.

The idle time counts from the last activity, the age from the start. A lease and
busy kernels put the end of the idle time off, but never that of the age. Nobody is
stopped unwarned where the rule says `warn_before`: a warning that went out late
puts the stop off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .rules import Rule, Rules
from .server import Person, Server


class Action(str, Enum):
    KEEP = "keep"
    WARN = "warn"
    STOP = "stop"
    # Nothing can be said: it is starting, stopping, or tells no times.
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Decision:
    action: Action
    reason: str
    # When it will be stopped, as far as can be told now; None for never.
    at: datetime | None = None
    rule: str = ""
    # What the time counts from: a warning from before does not count.
    since: datetime | None = None
    # Idle, age, hook: few words, for metrics.
    cause: str = ""


@dataclass(frozen=True)
class Deadline:
    at: datetime
    since: datetime
    cause: str
    reason: str


def decide(server: Server, now: datetime, rules: Rules) -> Decision:
    if server.pending:
        return Decision(Action.SKIP, f"It is pending: {server.pending}")
    if not server.ready:
        return Decision(Action.SKIP, "It is neither ready nor pending")
    rule = rules.for_server(server, now)
    if rule.never:
        return Decision(Action.KEEP, "The rule keeps it", rule=rule.name)
    if server.idle_since is None:
        return Decision(Action.SKIP, "The Hub tells no times of it", rule=rule.name)
    if server.hook_says is False:
        return Decision(Action.KEEP, "The site's hook keeps it", rule=rule.name)
    deadlines = [*idle_deadline(server, now, rule, rules), *age_deadline(server, rule)]
    if not deadlines:
        return Decision(Action.KEEP, "Nothing would stop it", rule=rule.name)
    first = min(deadlines, key=lambda deadline: deadline.at)
    return judge(first, now, rule, rule.warn_before, server.warned_at)


def idle_deadline(
    server: Server, now: datetime, rule: Rule, rules: Rules
) -> list[Deadline]:
    named = bool(server.name)
    if not (rules.cull_named_servers if named else rules.cull_default_servers):
        return []
    since = server.idle_since
    assert since is not None
    if server.hook_says:
        return [Deadline(now, since, "hook", "The site's hook says so")]
    at = since + timedelta(seconds=rule.timeout)
    reason = f"Idle for {duration(rule.timeout)}"
    if server.busy and rule.busy_hold:
        at += timedelta(seconds=rule.busy_hold)
        reason += f", and busy ({server.busy}) for {duration(rule.busy_hold)} more"
    if server.kept_until and server.kept_until > at:
        return [Deadline(server.kept_until, since, "idle", "Kept until then, and idle")]
    return [Deadline(at, since, "idle", reason)]


def age_deadline(server: Server, rule: Rule) -> list[Deadline]:
    if not rule.max_age or server.started is None:
        return []
    at = server.started + timedelta(seconds=rule.max_age)
    reason = f"Running for {duration(rule.max_age)}"
    return [Deadline(at, server.started, "age", reason)]


def judge(
    deadline: Deadline,
    now: datetime,
    rule: Rule,
    warn_before: int = 0,
    warned_at: datetime | None = None,
) -> Decision:
    """Stop, warn or keep, by how far the deadline is."""
    ahead = timedelta(seconds=warn_before)
    at = deadline.at
    warned = warned_at if warned_at and warned_at >= deadline.since else None
    if ahead and now >= at - ahead:
        at = max(at, (warned or now) + ahead)
    if now >= at:
        action = Action.STOP
    elif ahead and now >= at - ahead:
        action = Action.WARN
    else:
        action = Action.KEEP
    return Decision(
        action, deadline.reason, at, rule.name, deadline.since, deadline.cause
    )


def decide_user(person: Person, now: datetime, rules: Rules) -> Decision:
    """Whether somebody who has no server is to be removed."""
    rule = rules.for_user(person, now)
    if rule.never:
        return Decision(Action.KEEP, "The rule keeps them", rule=rule.name)
    deadlines = []
    if person.idle_since and (rules.cull_admin_users or not person.admin):
        at = person.idle_since + timedelta(seconds=rule.timeout)
        reason = f"Away for {duration(rule.timeout)}"
        deadlines.append(Deadline(at, person.idle_since, "idle", reason))
    if person.created and rule.max_age:
        at = person.created + timedelta(seconds=rule.max_age)
        reason = f"Created {duration(rule.max_age)} ago"
        deadlines.append(Deadline(at, person.created, "age", reason))
    if not deadlines:
        return Decision(Action.KEEP, "Nothing would remove them", rule=rule.name)
    first = min(deadlines, key=lambda deadline: deadline.at)
    return judge(first, now, rule)


def duration(seconds: float) -> str:
    """As people say it: 1 h 30 min."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"
