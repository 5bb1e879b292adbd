"""The culler's parts, made from its settings; says which setting is wrong."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jupyterhub_suite.services.errors import SettingError

from .brakes import Limits
from .busy import BusyProbe
from .metrics import CullerMetrics
from .notices import Channel, Mail, Notifier, Webhook
from .retention import Retention
from .rules import Rule, Rules, parse_rules
from .stop import Stopper
from .store import Store
from .survey import Surveyor
from .sweep import Sweeper

if TYPE_CHECKING:
    from .app import CullerService


def make_sweeper(app: CullerService, store: Store) -> Sweeper:
    metrics = CullerMetrics(app.registry)
    surveyor = make_surveyor(app, store)
    stopper = Stopper(
        hub=app.hub,
        store=store,
        surveyor=surveyor,
        metrics=metrics,
        log=app.log,
        clock=app.clock,
        remove_named_servers=app.remove_named_servers,
        patience=app.stop_patience,
        retention=make_retention(app, store),
    )
    notifier = Notifier(
        store=store,
        metrics=metrics,
        log=app.log,
        clock=app.clock,
        page_url=app.page,
        channels=make_channels(app),
    )
    return Sweeper(
        surveyor=surveyor,
        stopper=stopper,
        store=store,
        notifier=notifier,
        metrics=metrics,
        log=app.log,
        clock=app.clock,
        limits=make_limits(app),
        concurrency=app.concurrency,
        dry_run=app.dry_run,
    )


def make_surveyor(app: CullerService, store: Store) -> Surveyor:
    return Surveyor(
        hub=app.hub,
        store=store,
        rules=make_rules(app),
        page_size=app.api_page_size,
        cull_users=app.cull_users,
        hook=app.cull_arbiter_hook,
        probe=make_probe(app),
    )


def make_rules(app: CullerService) -> Rules:
    fallback = Rule(
        name="default",
        timeout=app.timeout,
        max_age=app.max_age or None,
        warn_before=app.warn_before,
        busy_hold=app.busy_hold,
        lease_hours=app.lease_hours,
        lease_quota=app.lease_quota,
    )
    try:
        zone = ZoneInfo(app.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(
            f"timezone is {app.timezone!r}: expected a name such as Europe/Berlin"
        ) from None
    return Rules(
        default=fallback,
        servers=parse_rules("rules", app.rules, fallback),
        users=parse_rules("user_rules", app.user_rules, fallback),
        zone=zone,
        cull_default_servers=app.cull_default_servers,
        cull_named_servers=app.cull_named_servers,
        cull_admin_users=app.cull_admin_users,
    )


def make_limits(app: CullerService) -> Limits:
    return Limits(
        max_stops=app.max_stops,
        max_share=app.max_share,
        stale_after=app.stale_after,
        clock_tolerance=app.clock_tolerance,
    )


def make_probe(app: CullerService) -> BusyProbe | None:
    if not app.servers_url:
        return None
    if not app.servers_url.startswith(("http://", "https://")):
        raise SettingError(
            f"servers_url is {app.servers_url!r}: expected http://HOST:PORT"
        )
    return BusyProbe(
        app.servers_url,
        app.api_token,
        tls=public_tls(app.client_ca),
        concurrency=app.concurrency or 1000,
    )


def public_tls(client_ca: str) -> ssl.SSLContext:
    """Trusts what the machine trusts, $SSL_CERT_FILE included, and the Hub's own."""
    context = ssl.create_default_context()
    if client_ca:
        context.load_verify_locations(client_ca)
    return context


def make_channels(app: CullerService) -> list[Channel]:
    channels: list[Channel] = []
    if app.webhook_url:
        if not app.webhook_url.startswith(("http://", "https://")):
            raise SettingError("webhook_url: expected http://… or https://…")
        channels.append(Webhook(app.webhook_url, app.webhook_secret))
    if app.mail_url:
        channels.append(Mail(app.mail_url, app.mail_from, app.mail_address))
    return channels


def make_retention(app: CullerService, store: Store) -> Retention | None:
    if app.retention_hook is None:
        return None
    return Retention(
        hub=app.hub,
        store=store,
        log=app.log,
        hook=app.retention_hook,
        grace=timedelta(days=app.retention_days),
        dry_run=app.retention_dry_run,
    )
