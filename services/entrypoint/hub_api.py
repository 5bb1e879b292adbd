"""What the Hub asks on its way to a server's start: `hub/users/…`."""

from __future__ import annotations

import hmac
from typing import Any

from ..errors import PublicError
from ..handlers import User
from .handlers import EntrypointHandler
from .launch import SPAWNERS, CannotStart
from .policy import HUB
from .records import record
from .registry import Chosen
from .store import Person
from .systems import ONLY_SYSTEM


def bare_token(header: str) -> str:
    """The token in an Authorization header, with a scheme before it or without."""
    scheme, _, rest = header.strip().partition(" ")
    return rest.strip() if scheme.lower() in ("token", "bearer") else header.strip()


def same_secret(given: str, known: str) -> bool:
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())


class HubHandler(EntrypointHandler):
    """For the Hub itself, or a service that starts servers in its place."""

    async def prepare(self) -> None:
        self.check_names()
        token = bare_token(self.request.headers.get("Authorization", ""))
        if not token:
            self.ask_to_log_in()
        if any(same_secret(token, known) for known in self.service.hub_tokens()):
            self.current_user = {"kind": "service", "name": "hub", "scopes": []}
            return
        user: User | None = await self.hub_auth.user_for_token(token, sync=False)
        if user is None:
            raise PublicError(403, "This token does not open the Hub's endpoints.")
        self.current_user = user
        self.require(HUB)

    def system_name(self, written: str) -> str:
        """The system; `-` is the only one of a site that has one."""
        if written == ONLY_SYSTEM and len(self.registry.systems) == 1:
            return next(iter(self.registry.systems))
        if written == ONLY_SYSTEM:
            raise PublicError(
                404, "This site has several systems, and the Hub did not say which."
            )
        return self.registry.system(written).name

    async def person_at_hub(self, user: str) -> Person:
        """The Hub tells the groups with the question; who does not is asked back."""
        groups = self.get_query_arguments("group")
        if self.get_query_argument("groups", "") == "told":
            return Person(user, frozenset(groups))
        return Person(user, await self.service.groups_of(user))


class HubSelected(HubHandler):
    """The selection (or with `?id=…` that one), and what it sets on a spawner."""

    async def get(self, user: str, written: str) -> None:
        system = self.system_name(written)
        person = await self.person_at_hub(user)
        spawner = self.get_query_argument("spawner", "local")
        if spawner not in SPAWNERS:
            raise PublicError(
                400, f"spawner: expected one of {', '.join(SPAWNERS)}", field="spawner"
            )
        chosen = await self.chosen(person, system)
        if chosen is None:
            self.reply({})
            return
        self.reply(await self.answer(chosen, user, system, spawner))

    async def chosen(self, person: Person, system: str) -> Chosen | None:
        """The one with the id that the Hub asks for, or what the user selected."""
        wanted = self.get_query_argument("id", "")
        if not wanted:
            return await self.registry.chosen(person, system, self.text("server"))
        found = await self.registry.find(wanted, person)
        if system not in found.systems:
            raise PublicError(409, f"{found.name} is not there on {system}.")
        checks = await self.registry.store.checks(person.name, [found.id])
        return Chosen(found, checks.get((found.id, system)))

    async def answer(
        self, chosen: Chosen, user: str, system: str, spawner: str
    ) -> dict[str, Any]:
        found, check = chosen
        kind = self.registry.types.get(found.type)
        if kind is None:
            raise PublicError(410, f"This site no longer offers {found.type}.")
        try:
            settings = kind.spawner_settings(found.typed, user, spawner)
        except CannotStart as error:
            raise PublicError(409, str(error)) from None
        checks = {(found.id, system): check} if check else {}
        answer = record(found, kind, user, checks)
        seen = answer["checks"].get(system)
        if check and check.result is False:
            # Perhaps it was mended since: look again before a start is refused.
            verdict = await self.registry.recheck(found, user, system)
            seen = {**seen, "result": verdict.result, "message": verdict.message}
        self.service.count_use(found)
        return {**answer, "system": system, "settings": settings, "check": seen}


class HubList(HubHandler):
    """All that a user can pick from on a system, for a form at the Hub."""

    async def get(self, user: str, written: str) -> None:
        system = self.system_name(written)
        person = await self.person_at_hub(user)
        await self.reply_list(person, self.query(system=system))


class HubSystems(HubHandler):
    """The systems, for a form at the Hub."""

    def get(self) -> None:
        self.reply(
            [
                {"name": system.name, "display_name": system.display_name}
                for system in self.registry.systems.values()
            ]
        )
