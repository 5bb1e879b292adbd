"""Whatever is sent, a body is a value that fits, or a 400 that says where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.services.bodies import check, parse_json, shorten
from jupyterhub_suite.services.errors import PublicError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_400(body: bytes) -> None:
    try:
        parse_json(body)
    except PublicError as error:
        assert error.status == 400


@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(VALUES)
def test_any_value_fits_or_is_refused_with_400(value: Any) -> None:
    schema = {"type": "object", "required": ["a"], "additionalProperties": False}
    with pytest.raises(PublicError) as refused:
        check(value, schema)
    assert refused.value.status == 400


def test_an_error_does_not_repeat_a_large_value() -> None:
    assert len(shorten("x" * 10_000)) == 300
    with pytest.raises(PublicError) as refused:
        check("x" * 10_000, {"type": "integer"})
    assert len(refused.value.message) < 400
