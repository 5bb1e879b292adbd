"""A route: what JupyterHub says, what Traefik is told."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.proxy.errors import BadRoute
from jupyterhub_suite.proxy.routes import (
    RESERVED,
    Address,
    Route,
    address_of,
    route_name,
    rule,
)

names = st.text(min_size=1, max_size=12).filter(lambda n: n not in (".", ".."))


def spec_of(name: str) -> str:
    """As JupyterHub writes it."""
    return f"/user/{quote(name, safe='@~')}/"


def parse(name: str) -> Address | None:
    try:
        return Address.parse(spec_of(name))
    except (BadRoute, UnicodeEncodeError):
        return None


def routing_path(url_path: str) -> str:
    """What Traefik 3.7 matches on: decoded, but for what RFC 3986 reserves."""

    def decoded(found: re.Match[str]) -> str:
        encoded = found.group()
        text = bytes.fromhex(encoded.replace("%", "")).decode()
        return "".join(quote(c, safe="") if c in RESERVED else c for c in text)

    return re.sub("(?:%[0-9A-Fa-f]{2})+", decoded, url_path)


def matches(built: str, path: str) -> bool:
    """Whether a rule of ours, made of three matchers, takes a path."""
    found = re.findall(r"(Path|PathPrefix|PathRegexp)\(`([^`]*)`\)", built)
    assert re.sub(r"(Path|PathPrefix|PathRegexp)\(`[^`]*`\)", "", built) in (
        "",
        "( || )",
    ), built
    return any(
        {
            "Path": path == argument,
            "PathPrefix": path.startswith(argument),
            "PathRegexp": kind == "PathRegexp" and in_go(argument).search(path),
        }[kind]
        for kind, argument in found
    )


def in_go(pattern: str) -> re.Pattern[str]:
    r"""Go writes \x{27} where Python writes \U00000027."""
    return re.compile(
        re.sub(
            r"\\x\{([0-9A-F]+)\}",
            lambda found: re.escape(chr(int(found[1], 16))),
            pattern,
        )
    )


@given(names, names)
def test_no_name_takes_the_requests_of_another(mine: str, yours: str) -> None:
    here, there = parse(mine), parse(yours)
    if here is None or there is None:
        return
    path = routing_path(spec_of(yours) + "lab")
    assert bool(matches(rule(here), path)) == (mine == yours)


@given(names)
def test_a_name_is_served_however_the_client_encodes_it(name: str) -> None:
    address = parse(name)
    if address is None:
        return
    built = rule(address)
    for safe in ("", "@~", "!$&'()*+,;=:@[]~"):
        path = routing_path(f"/user/{quote(name, safe=safe)}")
        assert matches(built, path)
        assert matches(built, f"{path}/")
        assert matches(built, f"{path}/lab/tree")
        assert not matches(built, f"{path}x")


@given(names, names)
def test_names_in_stores_differ_even_without_case(mine: str, yours: str) -> None:
    here, there = parse(mine), parse(yours)
    if here is None or there is None or here == there:
        return
    assert route_name(here).lower() != route_name(there).lower()


@given(names, st.sampled_from(["", "a-b.example"]))
def test_a_name_in_a_store_can_be_read_back(name: str, host: str) -> None:
    address = parse(name)
    if address is not None:
        address = address._replace(host=host)
        assert address_of(route_name(address)) == address


@given(names)
def test_names_in_stores_have_only_safe_characters(name: str) -> None:
    address = parse(name)
    if address is not None:
        assert re.fullmatch("[a-z0-9_-]+", route_name(address))


def test_long_names_in_stores_are_short_and_still_differ() -> None:
    longest = [Address.parse(spec_of("x" * 3_000 + last)) for last in "abc"]
    names = {route_name(address) for address in longest}
    assert len(names) == 3
    assert max(map(len, names)) < 100


def test_a_name_cannot_begin_a_rule_of_its_own() -> None:
    spec = spec_of("x`) || HostRegexp(`.*`) || PathPrefix(`y")
    assert rule(Address.parse(spec)).count("`") == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/user/o'brien/", "/user/o%27brien/"),
        ("/user/a%40b/", "/user/a@b/"),
        ("/user/%C3%A9/", "/user/é/"),
        ("Hub.Example.com/", "hub.example.com/"),
        ("bücher.example/", "xn--bcher-kva.example/"),
    ],
)
def test_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert Address.parse(one) == Address.parse(other)


def test_an_encoded_slash_is_not_a_slash() -> None:
    assert Address.parse("/user/a%2Fb/") != Address.parse("/user/a/b/")


@pytest.mark.parametrize(
    "spec",
    [
        "/user/../",
        "/user/%2E%2E/",
        "/a//b/",
        "/user/%FF/",
        "/user/%00/",
        "a`b/",
        "x",
        "/a?b/",
        "/a#b/",
    ],
)
def test_what_cannot_be_served_is_refused(spec: str) -> None:
    with pytest.raises(BadRoute, match=re.escape(repr(spec))):
        Address.parse(spec)


@pytest.mark.parametrize(
    "target", ["ftp://host/", "127.0.0.1:80", "http://", "http://host:99999", ""]
)
def test_a_target_that_is_no_url_of_a_server_is_refused(target: str) -> None:
    with pytest.raises(BadRoute, match="target"):
        Route.make("/", target, {})


def test_data_that_is_not_json_is_refused() -> None:
    with pytest.raises(BadRoute, match="JSON"):
        Route.make("/", "http://host", {"when": object()})


def test_the_longer_path_wins_and_a_host_wins_over_none() -> None:
    specs = ["/", "/user/", "/user/a/", "host.example/", "host.example/user/"]
    priorities = [Address.parse(spec).priority for spec in specs]
    assert priorities == sorted(priorities)


def test_a_route_survives_its_store() -> None:
    route = Route.make("/user/é/", "http://host:1", {"user": "é", "n": [1, None]})
    assert Route.from_json(route.as_json()) == route
