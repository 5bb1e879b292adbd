"""Look at the whole Hub once, and decide on everything in it; nothing is changed."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from jupyterhub_suite.services.errors import HubAnswerInvalid, HubMissing
from jupyterhub_suite.services.hub import HubClient, api_path

from .busy import BusyProbe
from .policy import Action, Decision, decide, decide_user
from .rules import Rules
from .server import Key, Person, Server, parse_person, parse_servers
from .store import Store

NEEDED_TO_DECIDE: dict[str, Any] = {"model": {}, "state": {}, "user_options": {}}
# The Hub gives as many as it lets if asked for more.
LARGEST_PAGE = 1000

Hook = Callable[..., bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Finding:
    server: Server
    decision: Decision

    def in_short(self) -> Finding:
        """Without what only the decision needed: a Hub may have very many servers."""
        return Finding(replace(self.server, **NEEDED_TO_DECIDE), self.decision)


@dataclass(frozen=True, slots=True)
class Leaving:
    person: Person
    decision: Decision


@dataclass
class Survey:
    at: datetime
    servers: dict[Key, Finding] = field(default_factory=dict)
    leaving: dict[str, Leaving] = field(default_factory=dict)
    # What the Hub told that cannot be read, and servers that it has lost sight of.
    problems: list[str] = field(default_factory=list)

    def to_stop(self) -> list[Finding]:
        return [f for f in self.servers.values() if f.decision.action is Action.STOP]

    def to_remove(self, stopped: Container[Key]) -> list[Leaving]:
        """Those who go and have no server but the stopped ones."""
        staying = {key.user for key in self.servers if key not in stopped}
        return [each for name, each in self.leaving.items() if name not in staying]


@dataclass(frozen=True)
class Surveyor:
    hub: HubClient
    store: Store
    rules: Rules
    page_size: int = 0
    cull_users: bool = False
    hook: Hook | None = None
    probe: BusyProbe | None = None

    async def survey(self, now: datetime) -> Survey:
        survey = Survey(now)
        known = await self._known(now)
        if self.cull_users:
            async for model in self._users("inactive"):
                self._note_leaving(survey, model)
        async for model in self._users("active"):
            for finding in await self._findings(survey, model, known):
                survey.servers[finding.server.key] = finding.in_short()
            if self.cull_users:
                self._note_leaving(survey, model)
        return survey

    async def look_again(self, user: str, now: datetime) -> list[Finding]:
        """One user's servers, as they are at this moment."""
        model = await self.hub.get(api_path("users", user))
        survey = Survey(now)
        found = await self._findings(survey, model, await self._known(now, user))
        if survey.problems:
            raise HubAnswerInvalid(survey.problems[0])
        return found

    async def person_again(self, user: str) -> tuple[Person, bool] | None:
        """The person, and whether they have a server; None if they are gone."""
        try:
            model = await self.hub.get(api_path("users", user))
        except HubMissing:
            return None
        return parse_person(model), bool(model.get("servers"))

    async def last_activity(self, user: str) -> datetime | None:
        found = await self.person_again(user)
        return found[0].last_activity if found else None

    async def _users(self, state: str) -> Any:
        size = self.page_size or LARGEST_PAGE
        pages = self.hub.pages("users", page_size=size, state=state)
        async with aclosing(pages):  # type: ignore[type-var]
            async for model in pages:
                yield model

    async def _known(self, now: datetime, user: str | None = None) -> Known:
        return Known(
            kept_until=await self.store.kept_until(now, user),
            warned_at=await self.store.warned_at(user),
        )

    def _note_leaving(self, survey: Survey, model: Any) -> None:
        try:
            person = parse_person(model)
        except HubAnswerInvalid as error:
            if str(error) not in survey.problems:
                survey.problems.append(str(error))
            return
        decision = decide_user(person, survey.at, self.rules)
        # Only those who go are kept: a Hub may have very many others.
        if decision.action is Action.STOP:
            survey.leaving[person.name] = Leaving(person, decision)

    async def _findings(
        self, survey: Survey, model: Any, known: Known
    ) -> list[Finding]:
        """What cannot be read of one user keeps nobody else from being judged."""
        try:
            person = parse_person(model)
            servers = list(parse_servers(person, model))
        except HubAnswerInvalid as error:
            survey.problems.append(str(error))
            return []
        survey.problems += [
            f"{server.key}: the Hub has it as neither ready nor pending"
            for server in servers
            if not (server.ready or server.pending)
        ]
        return [
            await self._judge(server, survey.at) for server in known.complete(servers)
        ]

    async def _judge(self, server: Server, now: datetime) -> Finding:
        if self.hook and server.ready and not server.pending:
            server = replace(server, hook_says=await self._ask_hook(server, now))
        decision = decide(server, now, self.rules)
        if self.probe and decision.action is not Action.KEEP and server.ready:
            # Only those that are about to be stopped are worth the question.
            server = replace(server, busy=await self.probe.ask(server))
            decision = decide(server, now, self.rules)
        return Finding(server, decision)

    async def _ask_hook(self, server: Server, now: datetime) -> bool | None:
        if server.idle_since is None:
            return None  # it was made for times
        rule = self.rules.for_server(server, now)
        assert self.hook
        answer = self.hook(
            inactive=max(now - server.idle_since, timedelta()),
            inactive_limit=rule.timeout,
            server=server.model,
        )
        return bool(await answer if inspect.isawaitable(answer) else answer)


@dataclass(frozen=True)
class Known:
    """What the culler has written down about servers."""

    kept_until: Mapping[Key, datetime]
    warned_at: Mapping[Key, datetime]

    def complete(self, servers: Iterable[Server]) -> list[Server]:
        return [
            replace(
                server,
                kept_until=self.kept_until.get(server.key),
                warned_at=self.warned_at.get(server.key),
            )
            for server in servers
        ]
