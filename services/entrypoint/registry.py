"""What can be done with entrypoints: rules on top of the store.

Handlers, pages and the schedule all come through here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import PublicError
from .checking import Checker
from .model import Check, Entrypoint
from .policy import may_read
from .records import option_entrypoint, record
from .store import EntrypointStore, Page, Person, Query
from .systems import System
from .types import EntrypointType, Option, Typed
from .validators import Verdict

log = logging.getLogger(__name__)

MISSING = "There is no such entrypoint, or it is not shared with you."


class Chosen(NamedTuple):
    """What is to be started, and how its last check on that system ended."""

    entrypoint: Entrypoint
    check: Check | None


class Registry:
    def __init__(
        self,
        store: EntrypointStore,
        checker: Checker,
        systems: Mapping[str, System],
        types: Mapping[str, EntrypointType],
    ) -> None:
        self.store = store
        self.checker = checker
        self.systems = systems
        self.types = types

    # Looking up.

    def system(self, name: str) -> System:
        try:
            return self.systems[name]
        except KeyError:
            known = ", ".join(self.systems) or "none is set up"
            raise PublicError(
                404, f"There is no system {name!r} (known: {known})."
            ) from None

    def type(self, name: str, status: int = 404) -> EntrypointType:
        try:
            return self.types[name]
        except KeyError:
            known = ", ".join(self.types) or "none is set up"
            raise PublicError(
                status, f"There is no type {name!r} (known: {known}).", field="type"
            ) from None

    async def find(self, entrypoint_id: str, person: Person) -> Entrypoint:
        """One that the person may use; 404 also for what is not theirs to know of."""
        found = await self.find_any(entrypoint_id, person.name)
        if found is None or not may_read(person, found):
            raise PublicError(404, MISSING, field="id")
        return found

    async def find_any(self, entrypoint_id: str, user: str) -> Entrypoint | None:
        type_name, colon, value = entrypoint_id.partition(":")
        if not colon:
            return await self.store.get(entrypoint_id)
        kind = self.types.get(type_name)
        if kind is None:
            return None
        on = [
            system
            for system in self.systems
            for option in await kind.options(user, system)
            if option.value == value
        ]
        return option_entrypoint(kind, value, value, on) if on else None

    async def usable(
        self, person: Person, query: Query
    ) -> tuple[list[Entrypoint], int]:
        """A page of what a person can pick from: options first, then entrypoints."""
        options = await self._options(person.name, query)
        part = options[query.offset : query.offset + query.limit]
        rest = Query(
            query.system,
            query.type,
            query.search,
            max(0, query.offset - len(options)),
            query.limit - len(part),
        )
        page: Page = await self.store.visible(person, rest)
        return [*part, *page.items], len(options) + page.total

    async def _options(self, user: str, query: Query) -> list[Entrypoint]:
        kinds = [kind for kind in self.types.values() if query.type in ("", kind.name)]
        lists = await asyncio.gather(
            *(self._options_of(kind, user, query) for kind in kinds)
        )
        wanted = query.search.casefold()
        return [
            option_entrypoint(kind, option.value, option.label, [query.system])
            for kind, options in zip(kinds, lists, strict=True)
            for option in options
            if wanted in f"{option.label} {option.value}".casefold()
        ]

    async def _options_of(
        self, kind: EntrypointType, user: str, query: Query
    ) -> list[Option]:
        try:
            return await kind.options(user, query.system)
        except PublicError as error:
            if query.type:
                raise
            # One list of images that is away does not hide all that there is.
            log.warning("The options of %r: %s", kind, error)
            return []

    async def records(self, items: list[Entrypoint], user: str) -> list[dict[str, Any]]:
        """With the last checks for that user."""
        checks = await self.store.checks(user, [item.id for item in items])
        return [record(item, self.types.get(item.type), user, checks) for item in items]

    async def record(self, item: Entrypoint, user: str) -> dict[str, Any]:
        return (await self.records([item], user))[0]

    # Choosing.

    async def select(
        self,
        person: Person,
        system: str,
        server: str,
        entrypoint: Entrypoint,
        actor: str,
    ) -> None:
        if system not in entrypoint.systems:
            name = self.systems[system].display_name
            raise PublicError(
                409, f"{entrypoint.name} is not there on {name}.", field="id"
            )
        chosen = (entrypoint.id, entrypoint.name)
        await self.store.choose(person.name, system, server, chosen, actor)

    async def chosen(self, person: Person, system: str, server: str) -> Chosen | None:
        """What is selected; 410 with its name if that is no longer there."""
        choice = await self.store.chosen(person.name, system, server)
        if choice is None:
            return None
        found = choice.entrypoint
        if found is None and ":" in choice.selection.entrypoint_id:
            found = await self.find_any(choice.selection.entrypoint_id, person.name)
        if found is None or not may_read(person, found):
            name = choice.selection.name
            raise PublicError(
                410,
                f"The entrypoint {name!r} that you selected was removed or is no"
                " longer shared with you. Select another one.",
                name=name,
            )
        if system not in found.systems:
            where = self.systems[system].display_name
            raise PublicError(
                410, f"{found.name} is no longer there on {where}.", name=found.name
            )
        return Chosen(found, choice.check)

    # Changing.

    async def add(
        self, person: Person, body: Mapping[str, Any], actor: str, action: str = "add"
    ) -> Entrypoint:
        """Checked in every way before anything is kept."""
        kind = self.type(body["type"], 400)
        self._check_systems(body["systems"])
        typed, verdicts = await self._examine(
            kind,
            {"entrypoint": body["entrypoint"], **body.get("fields", {})},
            person.name,
            body["systems"],
        )
        entrypoint = Entrypoint(
            owner=person.name,
            name=body["name"],
            type=kind.name,
            entrypoint=typed["entrypoint"],
            fields={key: typed[key] for key in typed if key != "entrypoint"},
        )
        entrypoint.systems = body["systems"]
        await self.store.add(entrypoint, actor, action)
        await self._remember(entrypoint, person.name, verdicts)
        return entrypoint

    async def change(
        self,
        entrypoint: Entrypoint,
        changes: dict[str, Any],
        actor: str,
        version: str | None = None,
    ) -> Entrypoint:
        verdicts: dict[str, Verdict] = {}
        if "systems" in changes:
            self._check_systems(changes["systems"])
        if {"entrypoint", "fields", "systems"} & set(changes):
            kind = self.type(entrypoint.type, 409)
            typed: Typed = {
                "entrypoint": changes.get("entrypoint", entrypoint.entrypoint),
                **changes.get("fields", entrypoint.fields),
            }
            systems = changes.get("systems", entrypoint.systems)
            typed, verdicts = await self._examine(
                kind, typed, entrypoint.owner, systems
            )
            changes = {**changes, "entrypoint": typed["entrypoint"]}
            changes["fields"] = {
                key: typed[key] for key in typed if key != "entrypoint"
            }
        changed = await self.store.change(
            entrypoint.id, changes, actor, action_for(changes), version
        )
        if changed is None:
            raise PublicError(404, MISSING, field="id")
        await self._remember(changed, changed.owner, verdicts)
        return changed

    async def clone(
        self, person: Person, entrypoint: Entrypoint, name: str, actor: str
    ) -> Entrypoint:
        """A copy of the person's own, that changes no more with the original."""
        body = {
            "name": name,
            "type": entrypoint.type,
            "entrypoint": entrypoint.entrypoint,
            "fields": entrypoint.fields,
            "systems": entrypoint.systems,
        }
        return await self.add(person, body, actor, "clone")

    async def take_in(
        self, person: Person, records: list[dict[str, Any]], actor: str
    ) -> dict[str, list[dict[str, Any]]]:
        """Add all that can be added; say of each of the others why not."""
        added: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for place, body in enumerate(records):
            try:
                entrypoint = await self.add(person, body, actor, "import")
                added.append(await self.record(entrypoint, person.name))
            except PublicError as error:
                refused.append(
                    {
                        "place": place,
                        "name": body["name"],
                        "status": error.status,
                        "message": error.message,
                    }
                )
        return {"added": added, "refused": refused}

    async def recheck(self, entrypoint: Entrypoint, user: str, system: str) -> Verdict:
        kind = self.types.get(entrypoint.type)
        if kind is None:
            gone = Verdict(False, f"This site no longer offers {entrypoint.type}.")
            await self.store.record_check(user, entrypoint.id, system, gone)
            return gone
        return await self.checker.recheck(kind, entrypoint, user, system)

    async def _examine(
        self, kind: EntrypointType, typed: Typed, user: str, systems: list[str]
    ) -> tuple[Typed, dict[str, Verdict]]:
        kind.check_fields(typed)
        typed = await kind.prepare(typed, user)
        verdicts = await self.checker.check_all(kind, typed, user, systems)
        faults = {
            system: verdict.message
            for system, verdict in verdicts.items()
            if verdict.result is False
        }
        if faults:
            where = [
                f"{self.systems[name].display_name}: {faults[name]}" for name in faults
            ]
            raise PublicError(422, " ".join(where), field="entrypoint", checks=faults)
        return typed, verdicts

    async def _remember(
        self, entrypoint: Entrypoint, user: str, verdicts: Mapping[str, Verdict]
    ) -> None:
        for system, verdict in verdicts.items():
            await self.store.record_check(user, entrypoint.id, system, verdict)

    def _check_systems(self, names: list[str]) -> None:
        for place, name in enumerate(names):
            if name not in self.systems:
                known = ", ".join(self.systems)
                raise PublicError(
                    400,
                    f"There is no system {name!r} (known: {known}).",
                    field=f"systems.{place}",
                )


def action_for(changes: Mapping[str, Any]) -> str:
    """The word in the audit log."""
    if "public" in changes:
        return "publish" if changes["public"] else "unpublish"
    if "groups" in changes:
        return "share"
    if "deprecated" in changes:
        return "deprecate" if changes["deprecated"] else "undeprecate"
    return "update"
