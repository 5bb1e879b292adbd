"""A login that begins at one replica and ends at another."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

import pytest

from tests.services.five_lines import Hello


def replica(token: str = "shared") -> Any:
    app = Hello()
    app.api_token = token
    app.api_url = "http://hub/hub/api"
    return app.auth


def test_another_replica_knows_where_the_visitor_wanted_to_go() -> None:
    state = replica().generate_state("/services/hello/page", code_verifier="proof")
    other = replica()
    assert other.get_next_url(state) == "/services/hello/page"
    assert other._decode_state(state)["code_verifier"] == "proof"


def test_the_state_shows_nothing_of_what_it_carries() -> None:
    state = replica().generate_state("/services/hello/page", code_verifier="proof")
    pieces = [state, *(decoded(piece) for piece in re.split(r"[^\w-]", state))]
    assert not any("proof" in piece or "page" in piece for piece in pieces)


def decoded(text: str) -> str:
    """What base64 says it is, if it is base64 at all."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")


@pytest.mark.parametrize("state", ["", "nonsense", "é", "g" * 200])
def test_a_forged_state_leads_to_the_front_page(state: str) -> None:
    auth = replica()
    assert auth.get_next_url(state) == auth.base_url
    stolen = replica("another token").generate_state("/elsewhere")
    assert auth.get_next_url(stolen) == auth.base_url


def test_a_state_is_good_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    auth = replica()
    state = auth.generate_state("/services/hello/page")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + auth.PATIENCE + 1)
    assert auth.get_next_url(state) == auth.base_url
