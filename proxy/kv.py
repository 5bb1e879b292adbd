"""TKvProxy: a proxy over any key-value store.

Your own store needs three methods and Traefik's settings for it::

    class MyProxy(TKvProxy):
        provider_name = "zooKeeper"

        def traefik_providers(self):
            return {"zooKeeper": {"endpoints": [...], "rootKey": self.kv_traefik_prefix}}

        async def _kv_atomic_set(self, to_set): ...
        async def _kv_atomic_delete(self, *keys): ...
        async def _kv_get_tree(self, prefix): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from traitlets import Unicode, validate

from . import keys
from .proxy import TraefikProxy
from .stores.base import Store
from .stores.keyvalue import KeyValueStore, Pass, Roots


class TKvProxy(TraefikProxy):
    """Routes as keys and values."""

    kv_traefik_prefix = Unicode(
        "traefik", config=True, help="What the keys that Traefik reads begin with."
    )

    kv_jupyterhub_prefix = Unicode(
        "jupyterhub", config=True, help="What the keys of JupyterHub's own begin with."
    )

    kv_separator = Unicode(
        "/", config=True, help="What stands between the parts of a key."
    )

    @validate("kv_traefik_prefix", "kv_jupyterhub_prefix")
    def _without_slash(self, proposal: Any) -> str:
        return str(proposal.value).rstrip("/")

    @property
    def roots(self) -> Roots:
        return Roots(
            self.kv_traefik_prefix, self.kv_jupyterhub_prefix, self.kv_separator
        )

    def make_store(self) -> Store:
        return MethodsStore(self)

    def traefik_providers(self) -> dict[str, Any]:
        """The section `providers` of Traefik's static configuration."""
        return {self.provider_name: {"rootKey": self.kv_traefik_prefix}}

    async def _kv_atomic_set(self, to_set: dict[str, str]) -> None:
        """Set all of these keys, or none."""
        raise NotImplementedError

    async def _kv_atomic_delete(self, *keys: str) -> None:
        """Delete all of these keys, or none; one that ends in the separator is a tree."""
        raise NotImplementedError

    async def _kv_get_tree(self, prefix: str) -> Any:
        """All that lies below a prefix, as a nested dictionary."""
        raise NotImplementedError

    def flatten_dict_for_kv(self, data: Any, prefix: str = "") -> dict[str, str]:
        return keys.flatten(data, prefix, self.kv_separator)

    def unflatten_dict_from_kv(
        self, kv_list: Iterable[tuple[str, str]], root_key: str = ""
    ) -> Any:
        return keys.unflatten(kv_list, root_key, self.kv_separator)


class MethodsStore(KeyValueStore):
    """A store by way of the three methods."""

    def __init__(self, proxy: TKvProxy) -> None:
        super().__init__(proxy.roots)
        self.provider = proxy.provider_name
        self._proxy = proxy

    def static(self) -> dict[str, Any]:
        return self._proxy.traefik_providers()

    async def read_pairs(self, prefixes: Sequence[str]) -> Iterable[tuple[str, str]]:
        found: dict[str, str] = {}
        for prefix in prefixes:
            root = prefix.removesuffix(self.roots.separator)
            tree = await self._proxy._kv_get_tree(root)
            if isinstance(tree, (Mapping, list)):
                found.update(keys.flatten(tree, root, self.roots.separator))
        return found.items()

    async def write_pairs(self, step: Pass) -> None:
        if step.put:
            await self._proxy._kv_atomic_set(step.put)
        if step.delete:
            await self._proxy._kv_atomic_delete(*step.delete)
        await self._proxy._kv_atomic_set(step.seal)
