from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jupyterhub_suite.services.culler.rules import (
    Rule,
    Rules,
    matches_server,
    parse_rules,
)
from jupyterhub_suite.services.culler.server import Person, Server
from jupyterhub_suite.services.errors import SettingError

# A Saturday.
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
SERVER = Server(
    Person("ann", groups=frozenset({"exam-1"}), roles=frozenset({"user", "tutor"})),
    name="lab",
    user_options={"profile": "big", "image": ["quay.io/x/y:1"], "gpu": True},
    state={"pod": {"node": "gpu-7"}, "gpu": 2},
)


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ({}, True),
        ({"user": "ann"}, True),
        ({"user": ["bob", "a*"]}, True),
        ({"user": "an"}, False),
        ({"group": "exam-*"}, True),
        ({"group": "staff"}, False),
        ({"role": "tutor"}, True),
        ({"server": "lab"}, True),
        ({"server": ""}, False),
        ({"profile": "big"}, True),
        ({"image": "quay.io/*"}, True),
        ({"image": "docker.io/*"}, False),
        ({"user_options": {"gpu": True}}, True),
        # True is not 1.
        ({"user_options": {"gpu": 1}}, False),
        ({"user_options": {"cpu": True}}, False),
        ({"state": {"pod.node": "gpu-*"}}, True),
        ({"state": {"gpu": 2}}, True),
        ({"state": {"gpu.count": 2}}, False),
        ({"admin": False}, True),
        ({"admin": True}, False),
        ({"weekdays": ["sat", "sun"]}, True),
        ({"weekdays": ["mon"]}, False),
        ({"between": "09:00-12:01"}, True),
        ({"between": "09:00-12:00"}, False),
        ({"between": "22:00-13:00"}, True),
        ({"between": "22:00-06:00"}, False),
        ({"user": "ann", "group": "staff"}, False),
    ],
)
def test_a_rule_matches(match: dict[str, Any], matches: bool) -> None:
    assert matches_server(match, SERVER, NOON) is matches


def test_the_first_rule_that_matches_wins_and_the_default_is_last() -> None:
    first, second = Rule("first", {"user": "ann"}), Rule("second", {"user": "a*"})
    rules = Rules(servers=[first, second])

    assert rules.for_server(SERVER, NOON) is first
    bob = Server(Person("bob"))
    assert rules.for_server(bob, NOON) is rules.default


def test_hours_and_weekdays_are_those_of_the_site() -> None:
    sunday = Rule("sunday", {"weekdays": ["sun"], "between": "00:00-02:00"})
    rules = Rules(servers=[sunday], zone=ZoneInfo("Asia/Tokyo"))
    in_tokyo = datetime(2026, 11, 21, 16, tzinfo=timezone.utc)

    assert rules.for_server(SERVER, in_tokyo) is sunday
    assert rules.for_server(SERVER, NOON) is rules.default


def test_what_a_rule_does_not_say_comes_from_the_settings() -> None:
    default = Rule("default", timeout=7, max_age=9, warn_before=3)

    (rule,) = parse_rules("rules", [{"name": "x", "timeout": 1, "max_age": 0}], default)

    assert (rule.timeout, rule.max_age, rule.warn_before) == (1, None, 3)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"timeout": 5}, "rules: rule 1: name"),
        ({"name": "x", "timeout": -1}, "rules: rule 'x': timeout"),
        ({"name": "x", "timeot": 1}, "rules: rule 'x': timeot"),
        ({"name": "x", "match": {"grup": "a"}}, "rules: rule 'x': match.grup"),
        ({"name": "x", "match": {"between": "25:00-26:00"}}, "match.between"),
        ({"name": "x", "match": {"weekdays": ["monday"]}}, "match.weekdays.0"),
        ({"name": "x", "never": "yes"}, "rules: rule 'x': never"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_wrong_in_it(
    written: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_rules("rules", [written], Rule("default"))
    assert complaint in str(caught.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(SettingError, match="more than one rule is called 'x'"):
        parse_rules("rules", [{"name": "x"}, {"name": "x"}], Rule("default"))
