"""The contract of a validator, and the one that is there by default."""

from __future__ import annotations

import logging
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether it works, and what to tell the user; None means nobody looked."""

    result: bool | None
    message: str

    @classmethod
    def of(cls, answer: object) -> Verdict:
        """What a validator answered: (result, message), or a result alone."""
        if isinstance(answer, tuple) and len(answer) == 2:
            result, message = answer
            return cls(None if result is None else bool(result), str(message))
        return cls(bool(answer), "It works." if answer else "It does not work.")


class BaseValidator:
    """Looks at nothing. A subclass overrides `validate`."""

    def __init__(self) -> None:
        self.log = logging.getLogger(__name__)

    async def validate(
        self, user: str, path: str, entrypoint_type: str, hosts: list[str]
    ) -> tuple[bool | None, str]:
        """Whether it works for that user on all hosts, and a message.

        `entrypoint_type` is the ready-made type's name (conda, script, …) or that
        of the site's own type.
        """
        return None, "This site does not check entrypoints."
