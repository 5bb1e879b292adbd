"""The service's settings and routes, and what it does in the background."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from traitlets import (
    Dict,
    Enum,
    Float,
    Instance,
    Integer,
    List,
    Tuple,
    Unicode,
    Union,
)
from traitlets.config import Configurable

from ..database import DatabaseService
from ..errors import HubMissing
from ..hub import api_path
from ..service import Route
from . import by_id, handlers, hub_api, openapi, pages
from .checking import Checker
from .model import Entrypoint
from .registry import Registry
from .schedule import Schedule
from .store import EntrypointStore
from .systems import parse_systems
from .types import parse_types
from .validators import BaseValidator, LocalValidator


class APIBaseHandler(Configurable):
    """The section under which sites know the validator."""

    validator = Instance(
        BaseValidator,
        allow_none=True,
        help="The same as EntrypointService.validator, as sites know it.",
    ).tag(config=True)


class EntrypointService(DatabaseService):
    """Users choose the environment that their server starts in."""

    name = "entrypoint"
    classes = [APIBaseHandler]
    migrations = Path(__file__).resolve().parent / "versions"

    systems = List(
        Dict(),
        help="""The systems that servers start on: [{"name": "cori",
        "display_name": "Cori", "hostname": "cori.example.org"}]. The name is part
        of addresses: letters, digits, '.', '_' and '-'. hostname is for checks
        over ssh: one, several in a list, or "".""",
    ).tag(config=True)
    entrypoint_types = List(
        Dict(),
        help="""What entrypoints can be: [{"name": "conda", "display_name": "Conda",
        "mutable": True, "help_link": "https://…"}]. A type that is named as a
        ready-made one (conda, script, executable, trusted_script …) is that one;
        "class" names another, or an EntrypointType of your own. mutable: whether
        users may add and delete. fields (JSON Schema of each), command (words with
        {field} in them) and validator change what the type does.""",
    ).tag(config=True)
    additional_handlers = List(
        Tuple(),
        help="""Further endpoints below the service's prefix, as tornado takes them:
        (path, RequestHandler) or (path, RequestHandler, its arguments).""",
    ).tag(config=True)
    validator = Union(
        [Instance(BaseValidator), Enum(["local"])],
        allow_none=True,
        default_value=None,
        help="""Checks what users add: an instance of a BaseValidator, such as
        SSHValidator(known_hosts=…) or one of your own, or "local" to look on this
        machine. Nothing is checked by default.""",
    ).tag(config=True)
    about_text = Unicode(
        help="""What the page about this service says, as HTML. It is put on the
        page as it is."""
    ).tag(config=True)
    hub_token = Unicode(
        help="""A token with which the Hub may ask what to start, besides the
        service's own. Best given as ENTRYPOINT_AUTH_TOKEN."""
    ).tag(config=True, env="ENTRYPOINT_AUTH_TOKEN")
    check_ttl = Float(
        60.0, min=0.001, help="Seconds for which a check's result is good for another."
    ).tag(config=True)
    check_timeout = Float(
        30.0, min=0.1, help="Seconds after which a check counts as failed."
    ).tag(config=True)
    check_interval = Float(
        6 * 3600.0,
        min=0,
        help="""Seconds after which what is selected is checked again by itself; 0
        for never.""",
    ).tag(config=True)
    check_concurrency = Integer(8, min=1, help="How many checks may run at once.").tag(
        config=True
    )

    async def setup(self) -> None:
        systems = parse_systems(self.systems)
        types = parse_types(self.entrypoint_types)
        await super().setup()
        store = EntrypointStore(self.database)
        checker = Checker(
            store,
            self.chosen_validator(),
            systems,
            ttl=self.check_ttl,
            concurrency=self.check_concurrency,
            timeout=self.check_timeout,
        )
        self.entrypoints = Registry(store, checker, systems, types)
        self._uses: Counter[str] = Counter()

    def chosen_validator(self) -> BaseValidator:
        named = self.validator or APIBaseHandler(parent=self).validator
        return LocalValidator() if named == "local" else named or BaseValidator()

    async def run(self) -> None:
        # What is loaded stays. If the collector went through all of it again and
        # again, the look-ups meanwhile would wait for it.
        gc.collect()
        gc.freeze()
        await asyncio.gather(self._keep_uses(), Schedule(self).run())

    async def _keep_uses(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self.keep_uses()

    async def cleanup(self) -> None:
        if hasattr(self, "_uses"):
            await self.keep_uses()
        await super().cleanup()

    # Uses are counted in memory and kept together, off the path to a server.

    def count_use(self, entrypoint: Entrypoint) -> None:
        if entrypoint.owner:
            self._uses[entrypoint.id] += 1

    async def keep_uses(self) -> None:
        counts, self._uses = self._uses, Counter()
        if not counts:
            return
        try:
            await self.entrypoints.store.used(counts)
        except (SQLAlchemyError, OSError) as error:
            # The database is away for a while; what was counted waits for it.
            self._uses.update(counts)
            self.log.warning("Uses are not kept yet: %s", type(error).__name__)

    # What handlers ask.

    def hub_tokens(self) -> list[str]:
        """Secrets that only the Hub and this service know."""
        return [self.hub_token, self.api_token]

    async def groups_of(self, user: str) -> frozenset[str]:
        """The groups of somebody who does not ask in person; none of a stranger's."""
        try:
            model = await self.hub.get(api_path("users", user))
        except HubMissing:
            return frozenset()
        return frozenset(model.get("groups") or ())

    def routes(self) -> list[Route]:
        name = "([^/]+)"
        selected = f"users/{name}/systems/{name}"
        return [
            *(tuple(route) for route in self.additional_handlers),
            ("", pages.MainPage),
            ("about", pages.AboutPage),
            (selected, handlers.Selected),
            (f"{selected}/entrypoints", handlers.OnSystem),
            (f"{selected}/type/{name}", handlers.OfType),
            (f"validate/{selected}", handlers.Validation),
            ("entrypoints", by_id.All),
            (f"entrypoints/{name}", by_id.One),
            (f"entrypoints/{name}/clone", by_id.Clone),
            (f"users/{name}/export", by_id.Export),
            (f"users/{name}/import", by_id.Import),
            ("audit", by_id.Audit),
            ("admin", pages.AdminPage),
            ("api", pages.APIPage),
            ("api/openapi.json", openapi.Document),
            ("hub/systems", hub_api.HubSystems),
            (f"hub/{selected}", hub_api.HubSelected),
            (f"hub/{selected}/entrypoints", hub_api.HubList),
        ]
