"""Results as Nagios and its kin read them: one line, and an exit status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model import Code, Result, worst

# Not even a result: what Nagios is not told as UNKNOWN, it takes for a WARNING.
FAILED = int(Code.UNKNOWN)


def line(results: Sequence[Result]) -> str:
    """State, words, and numbers behind a bar."""
    code = worst(result.code for result in results)
    said = "; ".join(f"{result.check}: {result.msg}" for result in results)
    # A bar or a line's end would end the words.
    plain = said.replace("|", "/").replace("\n", " ")
    return f"STATUS {code.name} - {plain} | {' '.join(perfdata(results))}"


def perfdata(results: Iterable[Result]) -> Iterable[str]:
    for result in results:
        yield f"'{result.check}'={result.seconds:.3f}s;;;0"
        for stage in result.stages:
            yield f"'{result.check}.{stage.name}'={stage.seconds:.3f}s;;;0"
        for name, value in result.numbers.items():
            yield f"'{result.check}.{name}'={value:g};;;"


def exit_status(results: Iterable[Result]) -> int:
    return int(worst(result.code for result in results))
