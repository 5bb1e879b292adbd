from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.services.culler.policy import Action, decide, decide_user
from jupyterhub_suite.services.culler.rules import Rule, Rules
from jupyterhub_suite.services.culler.server import Person, Server

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
HOUR = 3600


def ago(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOW - timedelta(seconds=seconds)


def server(idle: float | None = 0, old: float | None = 9000, **more: Any) -> Server:
    person = Person("alice", groups=frozenset({"staff"}))
    return Server(person, last_activity=ago(idle), started=ago(old), **more)


def rules(**default: Any) -> Rules:
    return Rules(default=Rule("default", **{"timeout": HOUR, **default}))


@pytest.mark.parametrize(
    ("described", "given_rules", "action"),
    [
        (server(idle=0), rules(), Action.KEEP),
        (server(idle=HOUR - 1), rules(), Action.KEEP),
        (server(idle=HOUR), rules(), Action.STOP),
        # Nobody came yet: idle since it started.
        (server(idle=None, old=HOUR), rules(), Action.STOP),
        (server(idle=None, old=10), rules(), Action.KEEP),
        (server(idle=None, old=None), rules(), Action.SKIP),
        (server(idle=9000, pending="stop"), rules(), Action.SKIP),
        (server(idle=9000, ready=False), rules(), Action.SKIP),
        # Age.
        (server(idle=0, old=9000), rules(max_age=9000), Action.STOP),
        (server(idle=0, old=8999), rules(max_age=9000), Action.KEEP),
        # The hook stands in the place of the timeout, and keeps from age, too.
        (server(idle=0, hook_says=True), rules(), Action.STOP),
        (server(idle=9000, hook_says=False), rules(), Action.KEEP),
        (server(idle=0, hook_says=False), rules(max_age=1), Action.KEEP),
        # Leases put off the end of the idle time, never that of the age.
        (server(idle=9000, kept_until=NOW + timedelta(1)), rules(), Action.KEEP),
        (server(idle=9000, kept_until=NOW), rules(), Action.STOP),
        (server(kept_until=NOW + timedelta(1)), rules(max_age=1), Action.STOP),
        # Busy kernels may hold on, but not for ever.
        (server(idle=HOUR, busy="1 kernel"), rules(busy_hold=60), Action.KEEP),
        (server(idle=HOUR + 60, busy="1 kernel"), rules(busy_hold=60), Action.STOP),
        (server(idle=HOUR, busy="1 kernel"), rules(busy_hold=0), Action.STOP),
        # Warnings come before.
        (server(idle=HOUR - 61), rules(warn_before=60), Action.KEEP),
        (server(idle=HOUR - 60), rules(warn_before=60), Action.WARN),
        (server(idle=9000), rules(warn_before=60), Action.WARN),
        (server(idle=9000, warned_at=ago(59)), rules(warn_before=60), Action.WARN),
        (server(idle=9000, warned_at=ago(60)), rules(warn_before=60), Action.STOP),
        # One from before the last activity does not count.
        (
            server(idle=HOUR, warned_at=ago(2 * HOUR)),
            rules(warn_before=60),
            Action.WARN,
        ),
        (server(idle=9000), rules(never=True), Action.KEEP),
    ],
)
def test_a_server_is_judged(
    described: Server, given_rules: Rules, action: Action
) -> None:
    assert decide(described, NOW, given_rules).action is action


def test_named_and_default_servers_are_spared_from_idling_but_not_from_age() -> None:
    named, default = server(idle=9000, name="x"), server(idle=9000)
    spare_named = replace(rules(), cull_named_servers=False)
    spare_default = replace(rules(), cull_default_servers=False)

    assert decide(named, NOW, spare_named).action is Action.KEEP
    assert decide(default, NOW, spare_named).action is Action.STOP
    assert decide(default, NOW, spare_default).action is Action.KEEP
    assert decide(named, NOW, spare_default).action is Action.STOP
    too_old = replace(spare_named, default=Rule("default", max_age=1))
    assert decide(named, NOW, too_old).action is Action.STOP


def test_the_reason_names_the_rule_and_the_time() -> None:
    decision = decide(server(idle=1800), NOW, rules())

    assert decision.at == NOW + timedelta(seconds=1800)
    assert (decision.rule, decision.reason) == ("default", "Idle for 1 h")


seconds = st.integers(0, 10**7)
maybe = st.none() | seconds


@given(idle=maybe, old=maybe, timeout=seconds, max_age=seconds, later=seconds)
def test_who_is_stopped_now_is_stopped_later_if_nothing_happens(
    idle: int | None, old: int | None, timeout: int, max_age: int, later: int
) -> None:
    described = server(idle=idle, old=old)
    given_rules = rules(timeout=timeout, max_age=max_age or None)
    if decide(described, NOW, given_rules).action is Action.STOP:
        after = NOW + timedelta(seconds=later)
        assert decide(described, after, given_rules).action is Action.STOP


@given(idle=seconds, old=seconds, timeout=seconds, max_age=seconds, ahead=seconds)
def test_a_server_is_stopped_at_the_time_that_was_told_and_not_before(
    idle: int, old: int, timeout: int, max_age: int, ahead: int
) -> None:
    described = server(idle=idle, old=old)
    given_rules = rules(timeout=timeout, max_age=max_age or None, warn_before=ahead)
    first = decide(described, NOW, given_rules)
    if first.action is Action.KEEP and first.at:
        again = decide(described, first.at - timedelta(seconds=1), given_rules)
        assert again.action is not Action.STOP
    if ahead:
        # Never unwarned, and always once warned for long enough.
        assert first.action is not Action.STOP
        warned = replace(described, warned_at=NOW)
        told = decide(warned, NOW, given_rules)
        assert told.at is not None
        assert decide(warned, told.at, given_rules).action is Action.STOP


@given(idle=seconds, timeout=seconds, hours=st.integers(1, 1000))
def test_a_lease_never_shortens_a_life(idle: int, timeout: int, hours: int) -> None:
    described = server(idle=idle)
    kept = replace(described, kept_until=NOW + timedelta(hours=hours))
    before = decide(described, NOW, rules(timeout=timeout)).at
    after = decide(kept, NOW, rules(timeout=timeout)).at
    assert before and after and after >= before


@pytest.mark.parametrize(
    ("person", "given_rules", "action"),
    [
        (Person("a", last_activity=ago(HOUR)), rules(), Action.STOP),
        (Person("a", last_activity=ago(10)), rules(), Action.KEEP),
        (Person("a", created=ago(HOUR)), rules(), Action.STOP),
        (Person("a"), rules(), Action.KEEP),
        (Person("a", admin=True, last_activity=ago(HOUR)), rules(), Action.STOP),
        (
            Person("a", admin=True, last_activity=ago(HOUR)),
            replace(rules(), cull_admin_users=False),
            Action.KEEP,
        ),
        (
            Person("a", last_activity=ago(0), created=ago(99)),
            rules(max_age=99),
            Action.STOP,
        ),
        # Nobody is warned of their removal: there is nobody to tell.
        (Person("a", last_activity=ago(HOUR)), rules(warn_before=60), Action.STOP),
        (
            Person("a", last_activity=ago(HOUR)),
            replace(rules(), users=[Rule("all", never=True)]),
            Action.KEEP,
        ),
    ],
)
def test_a_user_is_judged(person: Person, given_rules: Rules, action: Action) -> None:
    assert decide_user(person, NOW, given_rules).action is action
