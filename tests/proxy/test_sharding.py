"""A tree of routers sends every request where a flat table would send it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from jupyterhub_suite.proxy import sharding
from jupyterhub_suite.proxy.routes import Address
from jupyterhub_suite.proxy.sharding import NODE, Arrangement, arrange

segments = st.text("ab/", min_size=0, max_size=6)
addresses = st.builds(
    lambda parts, host: Address("".join(f"/{p}" for p in parts), host),
    st.lists(st.text("abc", min_size=1, max_size=4), max_size=4),
    st.sampled_from(["", "", "one.example", "two.example"]),
)
tables = st.sets(addresses, min_size=1, max_size=60)


def covers(address: Address, host: str, path: str) -> bool:
    if address.host not in ("", host):
        return False
    return path == address.path or path.startswith(f"{address.path}/")


def flat(table: set[Address], host: str, path: str) -> Address | None:
    matching = [a for a in table if covers(a, host, path)]
    return max(matching, key=lambda a: a.priority, default=None)


def through(tree: Arrangement, host: str, path: str) -> Address | None:
    """Walk down as Traefik does: the best match at each node, and never back up."""
    node: str | None = None
    while True:
        candidates: list[tuple[int, Address | str]] = [
            (a.priority, a)
            for a, parent in tree.parents.items()
            if parent == node and covers(a, host, path)
        ]
        candidates += [
            (shard.priority, prefix)
            for prefix, shard in tree.shards.items()
            if shard.parent == node and path.startswith(prefix)
        ]
        if node is not None:
            candidates += [
                (a.priority, a)
                for a in tree.shards[node].fallbacks
                if a.host in ("", host)
            ]
        if not candidates:
            return None
        best = max(candidates, key=lambda c: c[0])[1]
        if isinstance(best, Address):
            return best
        node = best


@pytest.fixture
def small_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "FLAT", 2)
    monkeypatch.setattr(sharding, "NODE", 4)
    monkeypatch.setattr(sharding, "SMALL", 1)


paths = st.lists(st.text("abc", min_size=1, max_size=4), max_size=5).map(
    lambda parts: "".join(f"/{p}" for p in parts) or "/"
)


@pytest.mark.usefixtures("small_nodes")
class TestWithSmallNodes:
    @settings(deadline=None, max_examples=400)
    @given(tables, paths, st.sampled_from(["", "one.example", "three.example"]))
    def test_a_tree_routes_as_a_flat_table_does(
        self, table: set[Address], path: str, host: str
    ) -> None:
        assert through(arrange(table), host, path) == flat(table, host, path)

    @settings(deadline=None)
    @given(tables)
    def test_every_route_lies_in_exactly_one_place(self, table: set[Address]) -> None:
        tree = arrange(table)
        assert tree.parents.keys() == table
        places = {*tree.shards, None}
        assert set(tree.parents.values()) <= places
        assert {s.parent for s in tree.shards.values()} <= places

    @settings(deadline=None)
    @given(tables)
    def test_parents_come_before_their_children(self, table: set[Address]) -> None:
        seen: set[str | None] = {None}
        for prefix, shard in arrange(table).shards.items():
            assert shard.parent in seen
            seen.add(prefix)


def users(count: int) -> list[Address]:
    return [Address(""), *(Address(f"/user/student{i:05}") for i in range(count))]


def widths(tree: Arrangement) -> list[int]:
    nodes = [*tree.parents.values(), *(s.parent for s in tree.shards.values())]
    return [nodes.count(node) for node in {None, *tree.shards}]


def test_few_routes_stay_flat() -> None:
    assert not arrange(users(200)).shards


def test_no_node_is_wide_even_if_names_begin_alike() -> None:
    assert max(widths(arrange(users(5000)))) <= NODE * 2


def test_names_within_names_do_not_build_a_tower() -> None:
    tower = [Address("/user/" + "a" * n) for n in range(1, 2000)]
    assert arrange(tower).parents.keys() == set(tower)


def test_one_more_route_moves_few_others() -> None:
    before = arrange(users(5000)).parents
    after = arrange([*users(5000), Address("/user/teacher")]).parents
    moved = [a for a in before if before[a] != after[a]]
    assert len(moved) <= NODE


def test_a_traefik_that_cannot_nest_gets_a_flat_table() -> None:
    assert not arrange(users(1000), nested=False).shards


def test_many_hosts_over_one_path_stay_flat() -> None:
    hosts = [Address("", f"{n}.example") for n in range(600)]
    users = [Address(f"/user/{n}") for n in range(600)]
    assert not arrange([*hosts, *users]).shards
