"""Routes in a file: for one Traefik on the machine of the Hub.

TOML, YAML or JSON by its name. TOML is the default, since Traefik reads it fastest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from ..entries import Entry, Path, split
from ..errors import StoreRefused
from ..formats import parse, replace, suffix_of
from .document import DocumentStore


class FileStore(DocumentStore):
    """A file that is replaced as a whole, so that Traefik never reads half of it."""

    provider = "file"

    def __init__(self, path: str) -> None:
        self.path = FilePath(path).absolute()
        self.suffix = suffix_of("dynamic_config_file", self.path)
        self._written: tuple[int, int] | None = None
        super().__init__(toml=self.suffix == ".toml")

    @property
    def files(self) -> list[FilePath]:
        """The file, and its twin for Traefik, which takes JSON only if called YAML."""
        if self.suffix == ".json":
            return [self.path, self.path.with_name(f"{self.path.name}.yaml")]
        return [self.path]

    def static(self) -> dict[str, Any]:
        return {"file": {"filename": str(self.files[-1]), "watch": True}}

    async def load(self) -> Mapping[Path, Entry]:
        try:
            text = await asyncio.to_thread(self.path.read_text, "utf-8")
            self.adopt(split(parse(text, self.suffix)))
        except FileNotFoundError:
            self.adopt({})
        except OSError as e:
            raise StoreRefused(f"cannot read {self.path}: {e.strerror}") from None
        except ValueError as e:
            raise StoreRefused(f"{self.path} is damaged: {e}") from None
        return await super().load()

    async def peek(self, path: Path) -> Entry | None:
        """Reads the file again only if somebody has replaced it."""
        if self._stamp() != self._written:
            await self.load()
        return self._entries.get(path)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self.files[-1].stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    async def publish(self, text: str) -> None:
        try:
            for path in self.files:
                await asyncio.to_thread(replace, path, text)
            self._written = self._stamp()
        except OSError as e:
            raise StoreRefused(f"cannot write {self.path}: {e.strerror}") from None
