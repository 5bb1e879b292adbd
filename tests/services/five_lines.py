"""A service as small as one can be, and one page, one endpoint and one fault of it."""

from __future__ import annotations

import asyncio
import sys

from jupyterhub_suite.services.handlers import APIHandler, PageHandler
from jupyterhub_suite.services.service import Route, Service


class Greeting(PageHandler):
    def get(self) -> None:
        self.show("problem.html", heading=f"Hello {self.user_name}", error={})


class Echo(APIHandler):
    SCHEMA = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "systems": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name"],
        "additionalProperties": False,
    }

    def post(self) -> None:
        self.reply(self.body(self.SCHEMA), 201)


class Slow(APIHandler):
    public = True

    async def get(self) -> None:
        self.service.log.info("a slow request has begun")
        await asyncio.sleep(1.5)
        self.reply("done")


class Fault(APIHandler):
    public = True

    def get(self) -> None:
        raise RuntimeError("a detail that is nobody's business")


class Restricted(APIHandler):
    def get(self) -> None:
        self.require("custom:hello:paint")
        self.reply("painted")


class Us(APIHandler):
    async def get(self) -> None:
        self.reply((await self.service.hub.get("user"))["name"])


class Hello(Service):
    name = "hello"

    def routes(self) -> list[Route]:
        return [
            ("", Greeting),
            ("echo", Echo),
            ("slow", Slow),
            ("fault", Fault),
            ("restricted", Restricted),
            ("us", Us),
        ]


if __name__ == "__main__":
    sys.exit(Hello.main())
