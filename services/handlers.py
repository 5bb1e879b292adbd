"""What all pages and endpoints share: who asks, may they, and how errors look.

Handler
├── PageHandler     for people: logs in through the Hub, errors are pages
├── APIHandler      for programs: tokens or cookies, JSON, errors are JSON
└── HealthHandler, MetricsHandler, NotFound …

A subclass says in `scopes` what one must hold to enter (the scope to reach the
service, by default), and calls `require` for what goes further.
"""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from jupyterhub.services.auth import (
    HubOAuthCallbackHandler,
    HubOAuthenticated,
)
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from tornado.escape import json_encode
from tornado.web import HTTPError, RequestHandler

from . import bodies
from .errors import HubError, PublicError
from .pages import content_security_policy

if TYPE_CHECKING:
    from .login import Login
    from .service import Service

User = dict[str, Any]

# Whoever may open the Hub's admin page may do what our own scopes allow.
HUB_ADMIN = "admin-ui"


class Handler(HubOAuthenticated, RequestHandler):
    """Identifies the asker and lets in whom the scopes let in."""

    # Anyone may enter, logged in or not.
    public: ClassVar[bool] = False
    # Any one of these lets in; None means the scope to reach this service.
    scopes: ClassVar[frozenset[str] | None] = None

    _identifying = False

    @property
    def service(self) -> Service:
        return self.settings["service"]

    @property
    def user_name(self) -> str:
        return self.current_user["name"]

    def set_default_headers(self) -> None:
        self.nonce = secrets.token_urlsafe(16)
        policy = content_security_policy(self.nonce, self.service.hub_host)
        self.set_header("Content-Security-Policy", policy)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    @property
    def hub_auth(self) -> Login:
        return self.service.auth

    async def prepare(self) -> None:
        self.current_user = await self._identify()
        if self.public:
            return
        if self.current_user is None:
            self._refuse_forgery()
            self.ask_to_log_in()
        else:
            self._check_entry()

    async def _identify(self) -> User | None:
        """The asker's record from the Hub, or None."""
        self._identifying = True
        try:
            return await self.hub_auth.get_user(self, sync=False)
        except HTTPError as error:
            if self.public:
                return None
            raise PublicError(
                503, "The Hub cannot be asked who you are. Try again in a minute."
            ) from error

    def _refuse_forgery(self) -> None:
        """Say so if a cookie's word was not taken for want of its XSRF token."""
        spoken_for = self.hub_auth.get_token(self, in_cookie=False)
        if not spoken_for and self.hub_auth.get_token(self):
            super().check_xsrf_cookie()

    def _check_entry(self) -> None:
        wanted = self.service.access_scopes if self.scopes is None else self.scopes
        if not self.hub_auth.check_scopes(set(wanted), self.current_user):
            raise missing_scope(" or ".join(sorted(wanted)), self.current_user)

    def ask_to_log_in(self) -> None:
        self.set_header("WWW-Authenticate", "token")
        raise PublicError(401, "Log in first, or send a token of the Hub.")

    def get_current_user(self) -> User | None:
        # prepare() asks the Hub without blocking. Tornado's own property would
        # ask again, blocking, wherever it is read before that.
        return None

    def check_xsrf_cookie(self) -> None:
        # Tornado asks before prepare(), when it is not known yet whether a cookie
        # or a token speaks. The Hub's code asks again when it takes a cookie's word.
        if self._identifying:
            super().check_xsrf_cookie()

    def may(self, scope: str) -> bool:
        """Does the asker hold this scope, or one that stands above it?"""
        if self.current_user is None:
            return False
        enough = {scope}
        if scope.startswith("custom:"):
            # The Hub's admin role cannot be given our own scopes.
            enough.add(HUB_ADMIN)
        return bool(self.hub_auth.check_scopes(enough, self.current_user))

    def require(self, scope: str) -> None:
        if not self.may(scope):
            raise missing_scope(scope, self.current_user)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        reason = kwargs.get("exc_info", (None, None))[1]
        error = self.service.explain(reason) or public_error(status_code, reason)
        self.set_status(error.status)
        self.show_error(error)

    def show_error(self, error: PublicError) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": error_body(error)}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """What is meant for the user is no news; all else wants its traceback.

        Tornado's own line would quote the whole address, in which secrets travel.
        """
        line = f"{self.request.method} {self.request.path}"
        if isinstance(value, HubError) or self.service.explain(value):
            self.service.log.error("%s: %s", line, value)
        elif not isinstance(value, PublicError | HTTPError):
            self.service.log.error("%s failed", line, exc_info=(typ, value, tb))


def missing_scope(scope: str, user: User | None) -> PublicError:
    who = f"{user.get('kind', 'user')} {user['name']}" if user else "Nobody"
    return PublicError(403, f"{who} needs the scope {scope}.", scope=scope)


def public_error(status: int, error: BaseException | None) -> PublicError:
    """What of an error the asker may read."""
    if isinstance(error, PublicError):
        return error
    if isinstance(error, HubError):
        return PublicError(error.status, "The Hub did not do what was asked of it.")
    if isinstance(error, HTTPError) and status < 500 and error.log_message:
        return PublicError(status, error.log_message)
    return PublicError(status, phrase(status))


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown error"


def error_body(error: PublicError) -> dict[str, Any]:
    return {"status": error.status, "message": error.message, **error.details}


class PageHandler(Handler):
    """A page for people, in the Hub's look."""

    def ask_to_log_in(self) -> None:
        if self.request.method not in ("GET", "HEAD"):
            raise PublicError(403, "You were logged out. Log in and try again.")
        self.redirect(self.get_login_url())

    def show(self, template: str, **variables: Any) -> None:
        page = self.service.pages.get_template(template)
        self.finish(page.render({**self.namespace(), **variables}))

    def namespace(self) -> dict[str, Any]:
        """What the Hub's page.html wants to know, and what ours do."""
        service = self.service
        return {
            "base_url": service.hub_url,
            "prefix": service.base_url,
            "user": page_user(self.current_user),
            "login_url": service.hub_url + "login",
            "logout_url": service.hub_url + "logout",
            "static_url": service.hub_static_url,
            "service_static_url": self.static_url,
            "service": service,
            "service_prefix": service.prefix,
            "services": service.menu if self.current_user else [],
            "parsed_scopes": set((self.current_user or {}).get("scopes", ())),
            "no_spawner_check": True,
            "xsrf_token": self.xsrf_token.decode("ascii"),
            "csp_nonce": self.nonce,
        }

    def show_error(self, error: PublicError) -> None:
        self.show("problem.html", error=error, heading=phrase(error.status))


def page_user(user: User | None) -> dict[str, Any] | None:
    """The asker as the Hub's page.html reads it: the name stands in its script."""
    if user is None:
        return None
    return {**user, "json_escaped_name": json_encode(user["name"])[1:-1]}


class APIHandler(Handler):
    """An endpoint for programs: JSON in and out."""

    def body(self, schema: bodies.Schema) -> Any:
        """The request's body, which fits the schema."""
        value = bodies.parse_json(self.request.body)
        bodies.check(value, schema)
        return value

    def reply(self, value: Any, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class Health(APIHandler):
    """Is the service well, and which part of it is not? For load balancers."""

    public = True

    async def prepare(self) -> None:
        """Nobody needs to be known here, and the Hub may be the part that is away."""

    async def get(self) -> None:
        unwell = await self.service.unwell()
        state = {"status": "unwell" if unwell else "well", "unwell": unwell}
        self.reply(state, 503 if unwell else 200)


class Metrics(APIHandler):
    """What the service counts, for Prometheus."""

    scopes = frozenset({"read:metrics"})

    async def prepare(self) -> None:
        if self.service.authenticate_prometheus:
            await super().prepare()

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.service.registry))


class OAuthCallback(PageHandler, HubOAuthCallbackHandler):
    """Where the Hub sends a browser back to after a login."""

    public = True


class Refusal(PageHandler):
    """Refuses whatever it is asked, in the form that the asker can read."""

    public = True

    async def prepare(self) -> None:
        raise self.reason()

    def reason(self) -> PublicError:
        raise NotImplementedError

    def show_error(self, error: PublicError) -> None:
        if "text/html" in self.request.headers.get("Accept", ""):
            super().show_error(error)
        else:
            Handler.show_error(self, error)


class NotFound(Refusal):
    def reason(self) -> PublicError:
        return PublicError(404, "There is nothing at this address.")


class TooLarge(Refusal):
    def reason(self) -> PublicError:
        limit = self.service.max_body_size
        return PublicError(413, f"The body is larger than {limit} bytes.", limit=limit)
