"""Endpoints for entrypoints across systems: by id, exported, imported, audited."""

from __future__ import annotations

from typing import Any

from ..errors import PublicError
from . import schemas
from .handlers import EntrypointHandler
from .model import Entrypoint
from .policy import ADMIN, may_read
from .records import audit_record, listing, record
from .registry import MISSING
from .store import Query


class All(EntrypointHandler):
    """`entrypoints`: what the asker may use; an admin's view of all with ?all=1."""

    async def get(self) -> None:
        query = self.query(system=self.text("system"), type=self.text("type"))
        if self.get_query_argument("all", "") == "1":
            self.require(ADMIN)
            page = await self.registry.store.everything(query)
        else:
            page = await self.registry.store.visible(self.asker(), query)
        used = await self.registry.store.selections_of([one.id for one in page.items])
        records = [
            {**self.shown(one), "selections": used.get(one.id, 0)} for one in page.items
        ]
        self.reply(listing(records, page.total, query.offset, query.limit))

    def shown(self, entrypoint: Entrypoint) -> dict[str, Any]:
        kind = self.registry.types.get(entrypoint.type)
        return record(entrypoint, kind, entrypoint.owner)


class OneHandler(EntrypointHandler):
    async def find(self, entrypoint_id: str) -> Entrypoint:
        """One that the asker may know of."""
        found = await self.registry.find_any(entrypoint_id, self.asker().name)
        if found is None or not (self.may(ADMIN) or may_read(self.asker(), found)):
            raise PublicError(404, MISSING)
        return found


class One(OneHandler):
    """`entrypoints/{id}`."""

    async def get(self, entrypoint_id: str) -> None:
        found = await self.find(entrypoint_id)
        self.reply(await self.registry.record(found, self.asker().name))

    async def patch(self, entrypoint_id: str) -> None:
        changes = self.body(schemas.PATCH)
        found = await self.find(entrypoint_id)
        changed = await self.changes(self.asker(), found, changes)
        self.reply(await self.registry.record(changed, self.asker().name))

    async def delete(self, entrypoint_id: str) -> None:
        await self.remove(self.asker(), await self.find(entrypoint_id))
        self.set_status(204)


class Clone(OneHandler):
    """`entrypoints/{id}/clone`: the asker's own copy."""

    async def post(self, entrypoint_id: str) -> None:
        body = self.body(schemas.CLONE)
        person = self.asker()
        if not person.name:
            raise PublicError(403, "A service has no entrypoints of its own.")
        found = await self.find(entrypoint_id)
        kind = self.registry.type(found.type, 409)
        if not found.owner or not (kind.mutable or self.may(ADMIN)):
            raise PublicError(403, f"{kind.display_name}: these cannot be copied.")
        copy = await self.registry.clone(person, found, body["name"], self.actor)
        self.reply(await self.registry.record(copy, person.name), 201)


class Export(EntrypointHandler):
    """`users/{user}/export`: all that a user wrote, to keep or to take elsewhere."""

    async def get(self, user: str) -> None:
        person = await self.person(user)
        owned = await self.registry.store.owned(person.name)
        self.set_header(
            "Content-Disposition", 'attachment; filename="entrypoints.json"'
        )
        self.reply(
            {
                "entrypoints": [
                    {key: getattr(one, key) for key in schemas.PORTABLE}
                    for one in owned
                ]
            }
        )


class Import(EntrypointHandler):
    """`users/{user}/import`: each is checked as if it were typed in."""

    async def post(self, user: str) -> None:
        person = await self.person(user)
        body = self.body(schemas.IMPORT)
        for place, wanted in enumerate(body["entrypoints"]):
            kind = self.registry.types.get(wanted["type"])
            if kind is not None and not kind.mutable and not self.may(ADMIN):
                raise PublicError(
                    403,
                    f"{kind.display_name}: only administrators add these.",
                    field=f"entrypoints.{place}.type",
                )
        done = await self.registry.take_in(person, body["entrypoints"], self.actor)
        self.reply(done)


class Audit(EntrypointHandler):
    """`audit`: who changed what, the newest first."""

    async def get(self) -> None:
        self.require(ADMIN)
        query: Query = self.query()
        page = await self.registry.store.audit(
            self.text("owner"), query.offset, query.limit
        )
        events = [audit_record(event) for event in page.items]
        self.reply(listing(events, page.total, query.offset, query.limit))
