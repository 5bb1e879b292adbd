"""Spawners that ask before they start.

entrypoint  start a server in its user's entrypoint: as a hook, or as a mixin
client      asks the service, in time or not at all
form        the spawn form: the entrypoints to choose from (pure)
traits      what the answer may set, and on which kind of spawner (pure)
"""

from __future__ import annotations

from .entrypoint import EntrypointHook, EntrypointSpawnerMixin, pre_spawn_hook

__all__ = ["EntrypointHook", "EntrypointSpawnerMixin", "pre_spawn_hook"]
