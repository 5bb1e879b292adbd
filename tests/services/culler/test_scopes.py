from __future__ import annotations

from typing import Any

import pytest
from traitlets.config import Config

from jupyterhub_suite import configure
from jupyterhub_suite.services.culler.scopes import (
    BASE,
    explain,
    missing_scopes,
    needed_scopes,
)


@pytest.mark.parametrize(
    ("settings", "further"),
    [
        ({"rules": "none", "user_rules": [7, {"match": "x"}]}, set()),
        ({}, set()),
        ({"cull_users": True}, {"delete:users", "read:users"}),
        ({"rules": [{"name": "x", "match": {"group": "g"}}]}, {"read:users:groups"}),
        ({"user_rules": [{"match": {"role": "r"}}]}, {"read:roles:users"}),
        ({"rules": [{"match": {"state": {"a": 1}}}]}, {"admin:server_state"}),
        ({"servers_url": "http://proxy"}, {"access:servers"}),
    ],
)
def test_what_is_set_says_what_is_needed(
    settings: dict[str, Any], further: set[str]
) -> None:
    assert set(needed_scopes(settings)) == {*BASE, *further}


def test_configure_gives_the_role_what_the_settings_ask_for() -> None:
    c = Config()
    rules = [{"name": "exam", "match": {"group": "exam"}, "never": True}]
    configure(
        c, services=["culler"], culler={"rules": rules, "servers_url": "http://p"}
    )

    [role] = [
        each for each in c.JupyterHub.load_roles if each["name"] == "suite-culler"
    ]
    assert set(role["scopes"]) == {*BASE, "read:users:groups", "access:servers"}


def test_what_is_missing_is_named_with_its_purpose() -> None:
    missing = missing_scopes([scope for scope in BASE if scope != "list:users"], {})
    assert explain(missing) == (
        "The service's role lacks scopes: list:users (to see who there is)"
    )
