"""Nested configuration <-> flat pairs."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.proxy.keys import flatten, unflatten

keys = st.text("abcXYZ_-", min_size=1, max_size=5)
trees = st.dictionaries(
    keys,
    st.recursive(
        st.text(max_size=8),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=14)
            | st.dictionaries(keys, inner, min_size=1, max_size=4)
        ),
        max_leaves=30,
    ),
    min_size=1,
)


@given(trees)
def test_a_tree_survives_the_store(tree: object) -> None:
    pairs = flatten(tree, "root")
    assert unflatten(sorted(pairs.items()), "root") == tree


def test_a_list_of_eleven_keeps_its_order_when_keys_are_sorted() -> None:
    pairs = flatten({"middlewares": [f"m{n}" for n in range(11)]})
    assert [pairs[key] for key in sorted(pairs)] == [f"m{n}" for n in range(11)]


def test_scalars_are_written_as_traefik_reads_them() -> None:
    assert flatten({"a": True, "b": 7, "c": 1.5}) == {"a": "true", "b": "7", "c": "1.5"}


def test_what_a_store_cannot_hold_is_an_error() -> None:
    with pytest.raises(TypeError, match="None"):
        flatten({"a": None})
