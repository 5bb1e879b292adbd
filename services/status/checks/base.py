"""The contract of a check: options that fit a schema, and a probe.

A kind of check is a subclass that sets `kind` and `options`, and does its work in
`probe`: it returns what it found, or raises `CheckFailed`. All that goes wrong
besides (no answer, no scope, no time left) is put into words by the runner.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import httpx

from jupyterhub_suite.services.hub import HubClient

from ..model import Code, Finding, Stage

# How many of the last messages are kept.
LAST_NOTES = 5


class CheckFailed(Exception):
    """What was checked does not work; the message is for an operator."""

    def __init__(
        self, msg: str, *, code: Code = Code.CRITICAL, details: tuple[str, ...] = ()
    ) -> None:
        super().__init__(msg)
        self.finding = Finding(code, msg, details=details)


class Journal:
    """What a probe did: its stages, timed, and the last that it was told."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.notes: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        failed = True
        try:
            yield
            failed = False
        finally:
            seconds = time.monotonic() - started
            self.stages.append(Stage(name, seconds, failed))

    def note(self, message: str) -> None:
        self.notes = [*self.notes, message][-LAST_NOTES:]

    @property
    def last_note(self) -> str:
        return self.notes[-1] if self.notes else "there was no word on its progress"


class Memo(Protocol):
    """A note to a later run of the same check, which survives a crash."""

    async def read(self) -> dict[str, Any]: ...

    async def write(self, note: dict[str, Any]) -> None: ...


class PassingMemo:
    """A memo that is forgotten with the process."""

    def __init__(self) -> None:
        self._note: dict[str, Any] = {}

    async def read(self) -> dict[str, Any]:
        return self._note

    async def write(self, note: dict[str, Any]) -> None:
        self._note = note


@dataclass(frozen=True)
class Site:
    """What a check may use: the Hub, the public side, and a memo of its own."""

    hub: HubClient
    web: httpx.AsyncClient
    # Where users go: the address of the public proxy, ending in the base URL.
    public_url: str
    token: str
    memo: Memo
    tls: ssl.SSLContext | None = None


class Check:
    kind: ClassVar[str]
    # The schemas of this kind's own options, and those that must be given.
    options: ClassVar[Mapping[str, Any]] = {}
    required: ClassVar[tuple[str, ...]] = ()
    # Seconds from one run to the next, and until a run is given up.
    interval: float = 60
    timeout: float = 30

    def __init__(
        self,
        name: str,
        title: str = "",
        interval: float | None = None,
        timeout: float | None = None,
        **given: Any,
    ) -> None:
        self.name = name
        self.title = title or name.replace("-", " ").capitalize()
        self.interval = interval or type(self).interval
        self.timeout = timeout or type(self).timeout
        self._given = given

    def __getitem__(self, option: str) -> Any:
        """An option as it was set, or its default."""
        return self._given.get(option, self.options[option].get("default"))

    async def probe(self, site: Site, journal: Journal) -> Finding:
        raise NotImplementedError

    async def clean_up(self, site: Site) -> None:
        """Remove what a probe may have left, however it ended; runs after each."""
