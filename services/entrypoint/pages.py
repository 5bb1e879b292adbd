"""The pages for people. What they show and change goes through the endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..handlers import PageHandler
from .openapi import document
from .policy import ADMIN, PUBLISH
from .types import EntrypointType

if TYPE_CHECKING:
    from .app import EntrypointService


class EntrypointPage(PageHandler):
    @property
    def service(self) -> EntrypointService:
        return self.settings["service"]

    def facts(self) -> dict[str, Any]:
        """What the page's script needs to know."""
        service = self.service
        return {
            "prefix": service.prefix,
            "user": self.user_name,
            "admin": self.may(ADMIN),
            "publish": self.may(PUBLISH),
            "groups": sorted(self.current_user.get("groups") or ()),
            "systems": [
                {"name": system.name, "display_name": system.display_name}
                for system in service.entrypoints.systems.values()
            ],
            "types": [type_facts(kind) for kind in service.entrypoints.types.values()],
        }


def type_facts(kind: EntrypointType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "display_name": kind.display_name,
        "mutable": kind.mutable,
        "help_link": kind.help_link,
        "fields": dict(kind.fields),
        "required": list(kind.required),
    }


class MainPage(EntrypointPage):
    def get(self) -> None:
        self.show("entrypoint/main.html", facts=self.facts())


class AboutPage(EntrypointPage):
    def get(self) -> None:
        self.show("entrypoint/about.html", about=self.service.about_text)


class AdminPage(EntrypointPage):
    def get(self) -> None:
        self.require(ADMIN)
        self.show("entrypoint/admin.html", facts=self.facts())


class APIPage(EntrypointPage):
    def get(self) -> None:
        self.show("entrypoint/api.html", document=document(self.service.prefix))
