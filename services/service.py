"""A service: its settings, its life, and where it listens.

A service is a subclass with a `name`, its `routes`, and what it does besides in
`setup`, `run` and `cleanup`. All else comes from here: it runs under the Hub or
on its own, logs people in through the Hub, and ends in good order.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment
from jupyterhub.utils import url_path_join
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.web import RedirectHandler

from .application import ServiceApplication
from .errors import HubError, PublicError, SettingError, SuiteError
from .handlers import Health, Metrics, NotFound, OAuthCallback
from .hub import HubClient
from .listener import Address, Certificates, open_sockets, parse_bind_url
from .login import Login
from .metrics import RequestMetrics, process_registry
from .pages import STATIC, page_environment
from .settings import ServiceSettings

Route = tuple[Any, ...]

# How much of a body that is too large is read, only to be able to say so.
LARGEST_READ = 1024**3


class Service(ServiceSettings):
    """The base of every service.

    A subclass sets `name` and gives its `routes`; it may extend `setup` (open
    what the service needs), `run` (work in the background), `cleanup` (close
    what setup opened; it must bear a setup that got only half way) and
    `problems` (what is unwell, for /health).
    """

    name = "service"
    # Words on the command line that do something else than serve: their methods.
    commands: ClassVar[dict[str, str]] = {}

    # What a subclass gives.

    def routes(self) -> list[Route]:
        """Pairs of a path below the service's prefix and its handler."""
        return []

    async def setup(self) -> None:
        """Open what the service needs, before it listens."""

    async def run(self) -> None:
        """Work in the background, until cancelled. An error ends the service."""

    async def cleanup(self) -> None:
        """Close what setup opened, also when setup failed half way."""

    async def problems(self) -> dict[str, str]:
        """What is unwell: a part's name, and what is wrong with it."""
        return {}

    def explain(self, error: BaseException | None) -> PublicError | None:
        """What the asker is told of an error of a part that this service relies on."""
        return None

    # What a subclass uses.

    @cached_property
    def hub(self) -> HubClient:
        certificates = self.certificates
        return HubClient(
            self.api_url,
            self.api_token,
            tls=certificates.client_context() if certificates.client_ca else None,
            concurrency=self.hub_concurrency,
        )

    @cached_property
    def auth(self) -> Login:
        """Everything is given, for what is not would be read at import."""
        certificates = self.certificates if self.client_ca else Certificates()
        return Login(
            parent=self,
            api_url=self.api_url,
            api_token=self.api_token,
            base_url=self.prefix,
            hub_host=self.hub_host,
            hub_prefix=url_path_join(self.base_url, "hub/"),
            oauth_client_id=self.oauth_client_id,
            oauth_redirect_uri=self.oauth_callback_url,
            access_scopes=self.access_scopes,
            keyfile=certificates.keyfile,
            certfile=certificates.certfile,
            client_ca=certificates.client_ca,
        )

    @cached_property
    def registry(self) -> CollectorRegistry:
        return process_registry()

    @cached_property
    def pages(self) -> Environment:
        return page_environment(self.template_paths, self.own_templates())

    def own_templates(self) -> Sequence[Path]:
        """Folders of templates that only this service has."""
        return ()

    @property
    def hub_url(self) -> str:
        return self.hub_host + url_path_join(self.base_url, "hub/")

    def hub_static_url(self, path: str, include_version: bool = True) -> str:
        """Where the Hub serves its own style and scripts; named as its pages do."""
        return url_path_join(self.hub_url, "static", path)

    @property
    def certificates(self) -> Certificates:
        return Certificates(self.keyfile, self.certfile, self.client_ca)

    async def unwell(self) -> dict[str, str]:
        """The service's own problems, and the Hub if it does not answer."""
        problems = dict(await self.problems())
        try:
            await self.hub.ping()
        except HubError as error:
            problems["hub"] = str(error)
        return problems

    # Life.

    @classmethod
    def main(cls, argv: list[str] | None = None) -> int:
        """Run the service until it is told to stop; the exit status."""
        app = cls()
        try:
            app.initialize(argv)
            if app.generate_config:
                sys.stdout.write(app.generate_config_file())
                return 0
            asyncio.run(app.command()())
        except SuiteError as error:
            app.log.critical("%s: %s", app.name, error)
            return 1
        return 0

    def command(self) -> Callable[[], Coroutine[Any, Any, None]]:
        """What the command line asks for: to serve, or one of `commands`."""
        words = self.extra_args
        if not words:
            return self.serve
        if len(words) > 1 or words[0] not in self.commands:
            known = ", ".join(sorted(self.commands)) or "none"
            raise SettingError(
                f"{' '.join(words)}: there is no such command (known: {known})"
            )
        return getattr(self, self.commands[words[0]])

    def address(self) -> Address:
        """Where to listen; names all that is missing at once, and what to set."""
        missing = [
            f"{setting} (or ${self.traits()[setting].metadata['env']})"
            for setting in ("bind_url", "api_url", "api_token")
            if not getattr(self, setting)
        ]
        if missing:
            raise SettingError(
                f"Not set: {', '.join(missing)}. The Hub sets them for a service that"
                f" it manages; for an external one, set them in {self.name}_config.py"
                " or in the environment"
            )
        address = parse_bind_url(self.bind_url)
        if address.tls and not self.certificates:
            raise SettingError(
                f"bind_url is {self.bind_url!r}: set keyfile and certfile, or use http"
            )
        return address

    async def serve(self) -> None:
        address = self.address()
        stop = stop_signal()
        sockets = open_sockets(address)
        application = self._application()
        server = HTTPServer(
            application,
            ssl_options=self.certificates.server_context()
            if self.certificates
            else None,
            max_body_size=LARGEST_READ + self.max_body_size,
            xheaders=True,
        )
        try:
            await self.setup()
            server.add_sockets(sockets)
            self.log.info("%s is ready at %s%s", self.name, address, self.prefix)
            await until(stop, self.run())
        finally:
            server.stop()
            for opened in sockets:
                opened.close()
            if not await application.drain(self.grace_time):
                self.log.warning(
                    "Some requests were cut off after %s s", self.grace_time
                )
            await server.close_all_connections()
            try:
                await self.cleanup()
            finally:
                await self.hub.close()

    def _application(self) -> ServiceApplication:
        own: list[Route] = [
            ("health", Health),
            ("metrics", Metrics),
            ("oauth_callback", OAuthCallback),
        ]
        bare_prefix = (self.prefix.rstrip("/"), RedirectHandler, {"url": self.prefix})
        return ServiceApplication(
            [
                bare_prefix,
                *(below(self.prefix, route) for route in [*own, *self.routes()]),
            ],
            metrics=RequestMetrics(self.registry),
            body_limit=self.max_body_size,
            service=self,
            cookie_secret=self._cookie_secret(),
            xsrf_cookies=True,
            static_path=str(STATIC),
            static_url_prefix=url_path_join(self.prefix, "static/"),
            default_handler_class=NotFound,
        )

    def _cookie_secret(self) -> bytes:
        """Made from the token, so that replicas and restarts agree without a file."""
        return hmac.digest(self.api_token.encode(), b"cookie secret", "sha256")


def below(prefix: str, route: Route) -> Route:
    """The route with its path below the service's own prefix."""
    path, *rest = route
    return (re.escape(prefix) + path.lstrip("/"), *rest)


def stop_signal() -> asyncio.Event:
    """An event that is set when the service is told to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work until the stop; its error comes at once, its end does not end us."""
    stopped = asyncio.create_task(stop.wait())
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({stopped, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
            await stopped
    finally:
        for task in (stopped, working):
            task.cancel()
        await asyncio.gather(stopped, working, return_exceptions=True)
