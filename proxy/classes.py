"""The proxies by name: each says where routes live, and how to reach that place."""

from __future__ import annotations

from pathlib import Path

from traitlets import Unicode

from .proxy import TraefikProxy
from .stores.base import Store
from .stores.file import FileStore


class TraefikFileProviderProxy(TraefikProxy):
    """Routes in a file on this machine: the embedded default."""

    provider_name = "file"

    dynamic_config_file = Unicode(
        "rules.toml",
        config=True,
        help="The file that holds the routes: TOML, YAML or JSON by its name.",
    )

    toml_dynamic_config_file = Unicode(
        config=True, help="The old name of `dynamic_config_file`."
    ).tag(new_name="dynamic_config_file")

    def make_store(self) -> Store:
        return FileStore(self.dynamic_config_file)

    def files(self) -> list[Path]:
        return [*super().files(), *FileStore(self.dynamic_config_file).files]
