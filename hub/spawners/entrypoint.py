"""Start a server in the entrypoint that its user chose.

As a hook, for any spawner:

    from jupyterhub_suite.hub.spawners import pre_spawn_hook
    c.Spawner.pre_spawn_hook = pre_spawn_hook

As a mixin, with a spawn form and with warnings while the server starts:

    class MySpawner(EntrypointSpawnerMixin, SlurmSpawner): ...
"""

from __future__ import annotations

import asyncio
import fnmatch
import os
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from jupyterhub.spawner import Spawner
from jupyterhub.utils import maybe_future, url_path_join
from traitlets import (
    Any as AnyValue,
    Bool,
    Dict,
    Enum,
    Float,
    HasTraits,
    Unicode,
    default,
)
from traitlets.config import LoggingConfigurable

from . import form
from .client import EntrypointClient
from .errors import EntrypointError, EntrypointRefused, EntrypointUnavailable
from .traits import find_refused, kind_of, merge

# Stands for the only system of a site that has one.
ONLY_SYSTEM = "-"
TOKEN_VARIABLE = "ENTRYPOINT_AUTH_TOKEN"


class EntrypointHook(LoggingConfigurable):
    """Asks for a user's entrypoint, and sets it on the user's spawner."""

    service = Unicode("entrypoint", help="The service's name at the Hub.").tag(
        config=True
    )
    url = Unicode(
        help="""Where the service answers: http://HOST:PORT/services/entrypoint. By
        default where the Hub's own configuration says that the service is."""
    ).tag(config=True)
    token = Unicode(
        help="""What opens the service for the Hub: the same ENTRYPOINT_AUTH_TOKEN
        as the service's. By default the service's own token, which the Hub knows."""
    ).tag(config=True)
    system = AnyValue(
        ONLY_SYSTEM,
        help="""The name of the system on which servers start, or a function of the
        spawner that returns it. Not needed by a site that has one system.""",
    ).tag(config=True)
    systems_by_server = Dict(
        help="""Systems by the names of servers: {"perlmutter-*": "perlmutter"}."""
    ).tag(config=True)
    timeout = Float(5.0, min=0.1, help="Seconds that the service has to answer.").tag(
        config=True
    )
    unavailable = Enum(
        ["fail", "default"],
        "fail",
        help="""If the service cannot be asked: fail with a message to the user, or
        start what the Hub starts by default.""",
    ).tag(config=True)
    broken = Enum(
        ["fail", "warn"],
        "fail",
        help="""If the check of the selection fails: refuse with its message, or
        start it nevertheless and show the message.""",
    ).tag(config=True)

    parent: Spawner

    @default("url")
    def _default_url(self) -> str:
        service = self.registered()
        if service is None or not service.url:
            raise EntrypointUnavailable(
                f"The Hub has no service {self.service!r}: set c.EntrypointHook.url."
            )
        prefix = self.parent.hub.base_url.removesuffix("hub/")
        return service.url.rstrip("/") + url_path_join(prefix, "services", self.service)

    @default("token")
    def _default_token(self) -> str:
        service = self.registered()
        known = service.api_token if service else ""
        return os.environ.get(TOKEN_VARIABLE) or known

    def registered(self) -> Any:
        """The service as the Hub knows it, or None."""
        settings = self.parent.user.settings if self.parent.user else {}
        return settings.get("services", {}).get(self.service)

    def client(self) -> EntrypointClient:
        return EntrypointClient(
            self.url, self.token, self.timeout, self.tls(), self.page()
        )

    def page(self) -> str:
        """Where the user finds their entrypoints."""
        prefix = self.parent.hub.base_url.removesuffix("hub/")
        return url_path_join(prefix, "services", self.service, "/")

    def tls(self) -> ssl.SSLContext | None:
        """With internal SSL, the Hub's own certificate opens the service."""
        spawner = self.parent
        authority = getattr(spawner, "internal_trust_bundles", {}).get("services-ca")
        app = spawner.user.settings.get("app") if spawner.user else None
        if not spawner.internal_ssl or not authority or app is None:
            return None
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(app.internal_ssl_cert, app.internal_ssl_key)
        return context

    # What can be chosen from.

    async def form(self) -> str:
        """A spawn form; without the service, one that says so and still starts."""
        client, spawner = self.client(), self.parent
        try:
            systems = await client.systems()
            lists = await asyncio.gather(
                *(
                    client.entrypoints(
                        spawner.user.name, system["name"], groups_of(spawner)
                    )
                    for system in systems
                )
            )
        except EntrypointError as error:
            self.log.error("%s: %s (%s)", self.service, error, error.__cause__)
            return (
                '<div class="alert alert-warning">The list of your entrypoints cannot'
                " be had now. Your server starts in what you selected, if it can be"
                " asked for then.</div>"
            )
        last = form.written(spawner.user_options or {})
        choices = list(zip(systems, lists, strict=True))
        return form.render(choices, last, self.page())

    # What is to be started.

    async def system_name(self) -> str:
        """By the choice in the form, by the server's name, or by the setting."""
        spawner = self.parent
        chosen = spawner.user_options.get("entrypoint_system")
        if isinstance(chosen, str) and chosen:
            return chosen
        for pattern, system in self.systems_by_server.items():
            if fnmatch.fnmatchcase(spawner.name, pattern):
                return system
        if callable(self.system):
            return str(await maybe_future(self.system(spawner)))
        return str(self.system)

    async def ask(self) -> dict[str, Any]:
        """The service's answer for this spawner; empty if nothing is chosen."""
        spawner = self.parent
        params = {"server": spawner.name, "spawner": kind_of(target(spawner))}
        chosen = spawner.user_options.get("entrypoint")
        if isinstance(chosen, str) and chosen:
            params["id"] = chosen
        return await self.client().selected(
            spawner.user.name, await self.system_name(), groups_of(spawner), **params
        )

    async def apply(self) -> list[str]:
        """Set what the user chose; the warnings that they are to see."""
        restore(self.parent)
        try:
            answer = await self.ask()
        except EntrypointUnavailable as error:
            return self._without(error)
        if not answer:
            return []
        warnings = self._warnings(answer)
        self._set(answer)
        return warnings

    def _without(self, error: EntrypointUnavailable) -> list[str]:
        self.log.error("%s: %s (%s)", self.service, error, error.__cause__)
        if self.unavailable == "fail":
            raise error
        return ["The entrypoint service did not answer: this is the default server."]

    def _warnings(self, answer: dict[str, Any]) -> list[str]:
        warnings = []
        if answer.get("deprecated"):
            warnings.append(f"{answer['name']} is deprecated: {answer['deprecated']}")
        check = answer.get("check") or {}
        if check.get("result") is False:
            message = f"{answer['name']} failed its check: {check['message']}"
            if self.broken == "fail":
                raise EntrypointRefused(message, self.page())
            warnings.append(message)
        return warnings

    def _set(self, answer: dict[str, Any]) -> None:
        spawner = target(self.parent)
        settings = answer.get("settings", {})
        refused = find_refused(settings, spawner)
        if refused:
            self.log.error(
                "%s may not set %s on %s",
                self.service,
                ", ".join(refused),
                type(spawner).__name__,
            )
            raise EntrypointRefused(
                f"{answer['name']} cannot be started by this Hub.", self.page()
            )
        assign(spawner, merge(settings, spawner))
        self.log.info(
            "%s starts in %s (%s)", self.parent._log_name, answer["id"], answer["type"]
        )


def target(spawner: Any) -> Any:
    """The spawner that really starts: of a WrapSpawner, its child."""
    if not spawner.has_trait("child_spawner"):
        return spawner
    if spawner.child_spawner is None:
        # It chooses by the profile that the user picked; not all return the child.
        spawner.construct_child()
    return spawner.child_spawner


def groups_of(spawner: Any) -> list[str]:
    return [group.name for group in spawner.user.groups]


def assign(spawner: Any, settings: dict[str, Any]) -> None:
    """Set traits, and remember what they were before."""
    before = {name: getattr(spawner, name) for name in settings}
    for name, value in settings.items():
        setattr(spawner, name, value)
    spawner._before_entrypoint = before


def restore(spawner: Any) -> None:
    """Undo what an earlier start set on the same object."""
    children = [spawner]
    if spawner.has_trait("child_spawner") and spawner.child_spawner:
        children.append(spawner.child_spawner)
    for known in children:
        for name, value in getattr(known, "_before_entrypoint", {}).items():
            setattr(known, name, value)
        known._before_entrypoint = {}


async def pre_spawn_hook(spawner: Spawner) -> None:
    """For c.Spawner.pre_spawn_hook, with any spawner."""
    for warning in await EntrypointHook(parent=spawner).apply():
        spawner.log.warning("%s: %s", spawner._log_name, warning)


# The Hub checks its subclasses for start and stop, which a mixin leaves to others.
Mixed: Any = Spawner if TYPE_CHECKING else HasTraits


class EntrypointSpawnerMixin(Mixed):
    """Put in front of any spawner: starts what the user chose, and shows warnings."""

    entrypoint_form = Bool(
        False, help="Ask in a spawn form what to start in, besides the page."
    ).tag(config=True)
    _entrypoint_warnings: list[str] = []

    async def get_options_form(self) -> str:
        own = await super().get_options_form()
        if not self.entrypoint_form:
            return own
        return f"{await EntrypointHook(parent=self).form()}{own or ''}"

    async def run_options_from_form(self, form_data: dict[str, list[str]]) -> Any:
        rest = {name: form_data[name] for name in form_data if name != form.FIELD}
        own = await maybe_future(super().run_options_from_form(rest))
        return {**(own or {}), **form.read(form_data)}

    async def run_pre_spawn_hook(self) -> None:
        self._entrypoint_warnings = await EntrypointHook(parent=self).apply()
        await maybe_future(super().run_pre_spawn_hook())

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        for warning in self._entrypoint_warnings:
            yield {"progress": 10, "message": warning}
        async for event in super().progress():
            yield event
