"""What a check finds, and what is known of it later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Code(IntEnum):
    """As Nagios numbers them."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def works(self) -> bool:
        return self in (Code.OK, Code.WARNING)


# What is known to be broken matters more than what is not known.
SEVERITY = (Code.OK, Code.WARNING, Code.UNKNOWN, Code.CRITICAL)


def worst(codes: Iterable[Code]) -> Code:
    """The code that stands for all of them; of nothing, nothing is known."""
    return max(codes, key=SEVERITY.index, default=Code.UNKNOWN)


@dataclass(frozen=True)
class Stage:
    """A part of a check, and how long it took."""

    name: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check has to say."""

    code: Code
    msg: str
    # What was counted on the way: for graphs, and for Nagios' perfdata.
    numbers: Mapping[str, float] = field(default_factory=dict)
    # For the operator only: may tell more than strangers should read.
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """One run of one check."""

    check: str
    time: float
    seconds: float
    code: Code
    msg: str
    stages: tuple[Stage, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    details: tuple[str, ...] = ()

    @property
    def failed_stage(self) -> str | None:
        return next((stage.name for stage in self.stages if stage.failed), None)
