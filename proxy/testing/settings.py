"""What the configuration of a proxy may say to the suite."""

from __future__ import annotations

from fnmatch import fnmatchcase

from traitlets import Bool, Dict, Float, Unicode
from traitlets.config import Config, Configurable


class Conformance(Configurable):
    known_differences = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        config=True,
        help="""
        Promises that this proxy is known not to keep, each with its reason.

        A key names a test as pytest does (`test_x`, or `test_x[case]`); `*` stands
        for anything. Such a test has to fail: when the proxy has learnt to keep the
        promise, the suite fails until the difference is taken out of the list.
        """,
    )
    patience = Float(
        20,
        config=True,
        help="""
        Seconds that a change of routes or an answer may take before it counts as
        never.
        """,
    )
    tells_last_activity = Bool(
        False,
        config=True,
        help="""
        Whether the proxy tells when a server was last used. One that tells it with the
        first request needs not say so.
        """,
    )
    long = Float(
        65,
        config=True,
        help="""
        Seconds for which a long upload, a long download and an idle WebSocket last.
        """,
    )


def why_it_differs(test: str, differences: dict[str, str]) -> str | None:
    """The reason why `test` is known to fail, or None when it should pass."""
    return next((differences[p] for p in differences if _names(p, test)), None)


def names_no_test(tests: list[str], differences: dict[str, str]) -> list[str]:
    """The known differences that are about no test at all."""
    return [p for p in differences if not any(_names(p, test) for test in tests)]


def conformance(config: Config) -> Conformance:
    return Conformance(config=config)


def _names(pattern: str, test: str) -> bool:
    # Square brackets enclose pytest's cases: they are no character class here.
    return fnmatchcase(test, pattern.replace("[", "[[]"))
