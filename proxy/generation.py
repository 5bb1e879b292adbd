"""A generation: the number of a write, readable in every Traefik that has loaded it.

Each write carries the mark of its generation into the dynamic configuration. One look
at a Traefik's API then says whether it has loaded that write, and with it everything
before, removals included, however many routes there are.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass
class Generations:
    """Counts writes; `run` keeps one life of the Hub apart from the one before."""

    run: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0

    def next(self) -> str:
        self.number += 1
        return self.current

    @property
    def current(self) -> str:
        return f"{self.run}-{self.number}"


def reached(mark: str, seen: str) -> bool:
    """Whether who shows the mark `seen` has loaded the write marked `mark`."""
    run, _, number = mark.partition("-")
    seen_run, _, seen_number = seen.partition("-")
    return (
        run == seen_run and seen_number.isdecimal() and int(seen_number) >= int(number)
    )
