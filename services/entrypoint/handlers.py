"""The endpoints: HTTP in, HTTP out. What is allowed is in `policy`, what is done
in `registry`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import PublicError
from ..handlers import APIHandler, User
from . import schemas
from .model import Entrypoint
from .policy import ADMIN, foreign_groups, scopes_to_change
from .records import listing
from .registry import Registry
from .store import Person, Query
from .validators import BaseValidator

if TYPE_CHECKING:
    from .app import EntrypointService

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PREPARED = "It is prepared by the administrator; only they can change it."
LONGEST_PAGE = 200
LARGEST_OFFSET = 10**9


class EntrypointHandler(APIHandler):
    """What all endpoints of this service share."""

    @property
    def service(self) -> EntrypointService:
        return self.settings["service"]

    @property
    def registry(self) -> Registry:
        return self.service.entrypoints

    @property
    def validator(self) -> BaseValidator:
        """For a site's own handlers."""
        return self.service.chosen_validator()

    def verify_user(self, user: str) -> None:
        """403 if the data is neither the asker's own nor the asker an admin."""
        if not self.asks_for_self(user):
            self.require(ADMIN)

    async def prepare(self) -> None:
        await super().prepare()
        self.check_names()

    def check_names(self) -> None:
        """Names in the path that no record could have, and no database bears."""
        for name in self.path_args:
            if name is not None and (CONTROL.search(name) or len(name) > 4200):
                raise PublicError(404, "There is nothing at this address.")

    def asks_for_self(self, user: str) -> bool:
        asker: User = self.current_user
        return asker["kind"] == "user" and asker["name"] == user

    async def person(self, user: str) -> Person:
        """The user whose data it is: the asker, or anybody for an admin."""
        if self.asks_for_self(user):
            return Person(user, frozenset(self.current_user.get("groups") or ()))
        self.require(ADMIN)
        return Person(user, await self.service.groups_of(user))

    def asker(self) -> Person:
        """Whoever asks, for what is not below a user's name."""
        user: User = self.current_user
        name = user["name"] if user["kind"] == "user" else ""
        return Person(name, frozenset(user.get("groups") or ()))

    @property
    def actor(self) -> str:
        """Who is to be named in the audit log."""
        user: User = self.current_user
        return user["name"] if user["kind"] == "user" else f"service {user['name']}"

    def text(self, name: str) -> str:
        """A query's value without what no database keeps."""
        value = self.get_query_argument(name, "")
        if CONTROL.search(value) or len(value) > 255:
            raise PublicError(400, f"{name}: it is too long or not text", field=name)
        return value

    def number(self, name: str, default: int, smallest: int, largest: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not re.fullmatch(r"[0-9]{1,10}", text) or not (
            smallest <= int(text) <= largest
        ):
            raise PublicError(
                400,
                f"{name}: expected a number from {smallest} to {largest}",
                field=name,
            )
        return int(text)

    def query(self, **known: str) -> Query:
        return Query(
            system=known.get("system", ""),
            type=known.get("type", ""),
            search=self.text("search"),
            offset=self.number("offset", 0, 0, LARGEST_OFFSET),
            limit=self.number("limit", 50, 1, LONGEST_PAGE),
        )

    async def reply_list(self, person: Person, query: Query) -> None:
        items, total = await self.registry.usable(person, query)
        records = await self.registry.records(items, person.name)
        self.reply(listing(records, total, query.offset, query.limit))

    async def changes(
        self, person: Person, entrypoint: Entrypoint, changes: dict[str, Any]
    ) -> Entrypoint:
        """Make changes that the asker may make, and no others.

        With the `version` that they have read, only if it is still that one.
        """
        version = changes.pop("version", None)
        if not changes:
            raise PublicError(400, "There is nothing to change.", field="version")
        if not entrypoint.owner:
            raise PublicError(403, PREPARED)
        for scope in sorted(scopes_to_change(person, entrypoint, set(changes))):
            self.require(scope)
        if changes.get("groups") and not self.may(ADMIN):
            foreign = foreign_groups(person, changes["groups"])
            if foreign:
                raise PublicError(
                    403,
                    f"You are no member of the group {foreign[0]!r}.",
                    field="groups",
                )
        return await self.registry.change(entrypoint, changes, self.actor, version)

    async def remove(self, person: Person, entrypoint: Entrypoint) -> None:
        if not entrypoint.owner:
            raise PublicError(403, PREPARED)
        if entrypoint.owner != person.name:
            self.require(ADMIN)
        await self.registry.store.remove(entrypoint, self.actor)


class Selected(EntrypointHandler):
    """`users/{user}/systems/{system}`: the selection, and changes below it."""

    def server(self) -> str:
        return self.text("server")

    async def get(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        choice = await self.registry.chosen(person, system, self.server())
        self.reply(
            await self.registry.record(choice.entrypoint, user) if choice else {}
        )

    async def post(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        body = self.body(schemas.ADD)
        kind = self.registry.type(body["type"], 400)
        if not kind.mutable and not self.may(ADMIN):
            raise PublicError(
                403,
                f"{kind.display_name}: only administrators add these.",
                field="type",
            )
        added = await self.registry.add(
            person, {"systems": [system], **body}, self.actor
        )
        self.reply(await self.registry.record(added, user), 201)

    async def put(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        body = self.body(schemas.PUT)
        entrypoint = await self.registry.find(body.pop("id"), person)
        if body:
            entrypoint = await self.changes(person, entrypoint, body)
        else:
            await self.registry.select(
                person, system, self.server(), entrypoint, self.actor
            )
        self.reply(await self.registry.record(entrypoint, user))

    async def delete(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        body = self.body(schemas.DELETE) if self.request.body else {}
        if "id" in body:
            entrypoint = await self.registry.find(body["id"], person)
            await self.remove(person, entrypoint)
        else:
            await self.registry.store.clear(user, system, self.server(), self.actor)
        self.set_status(204)


class OfType(EntrypointHandler):
    """`users/{user}/systems/{system}/type/{type}`: all that can be picked of it."""

    async def get(self, user: str, system: str, type_name: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        self.registry.type(type_name)
        await self.reply_list(person, self.query(system=system, type=type_name))


class OnSystem(EntrypointHandler):
    """`users/{user}/systems/{system}/entrypoints`: all that can be picked there."""

    async def get(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        await self.reply_list(person, self.query(system=system))


class Validation(EntrypointHandler):
    """`validate/users/{user}/systems/{system}`: check the selection again.

    With `?id=…` another one than the selected.
    """

    async def get(self, user: str, system: str) -> None:
        person = await self.person(user)
        self.registry.system(system)
        wanted = self.get_query_argument("id", "")
        if wanted:
            chosen = await self.registry.find(wanted[:4200], person)
        else:
            found = await self.registry.chosen(person, system, self.text("server"))
            if found is None:
                self.reply({"result": False, "message": "No entrypoint is selected."})
                return
            chosen = found.entrypoint
        verdict = await self.registry.recheck(chosen, user, system)
        self.reply({"result": verdict.result, "message": verdict.message})
