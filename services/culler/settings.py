"""The culler's settings: those of jupyterhub-idle-culler, and ours."""

from __future__ import annotations

from traitlets import (
    Bool,
    Callable,
    Dict,
    Float,
    HasTraits,
    Integer,
    List,
    Unicode,
    default,
)


class PeerSettings(HasTraits):
    """The settings of jupyterhub-idle-culler, which are also its flags."""

    url = Unicode(
        help="The Hub's REST API: another name of api_url, as in jupyterhub-idle-culler."
    ).tag(config=True)
    timeout = Integer(
        600, min=0, help="Seconds without activity after which a server is stopped."
    ).tag(config=True)
    cull_every = Integer(
        min=1, help="Seconds from one sweep to the next; half the timeout by default."
    ).tag(config=True)
    max_age = Integer(
        0,
        min=0,
        help="Seconds after which a server is stopped even if it is active; 0: never.",
    ).tag(config=True)
    cull_users = Bool(False, help="Remove idle users, too.").tag(config=True)
    cull_admin_users = Bool(
        True, help="Whether idle users who are admins are removed (with cull_users)."
    ).tag(config=True)
    cull_default_servers = Bool(
        True, help="Whether idle default servers are stopped."
    ).tag(config=True)
    cull_named_servers = Bool(True, help="Whether idle named servers are stopped.").tag(
        config=True
    )
    remove_named_servers = Bool(
        False, help="Remove named servers from the Hub when they are stopped."
    ).tag(config=True)
    concurrency = Integer(
        10, min=0, help="How many servers are stopped at once; 0 sets no limit."
    ).tag(config=True)
    api_page_size = Integer(
        0, min=0, help="Users to ask for at once; 0: as many as the Hub gives."
    ).tag(config=True)
    internal_certs_location = Unicode(
        "internal-ssl", help="The Hub's certificates (with ssl_enabled)."
    ).tag(config=True)
    ssl_enabled = Bool(
        False, help="Call the Hub with the certificates in internal_certs_location."
    ).tag(config=True)
    cull_arbiter_hook = Callable(
        None,
        allow_none=True,
        help="""The site's own judgement, in place of the timeout: a function (or a
        coroutine) of `inactive` (timedelta), `inactive_limit` (seconds) and `server`
        (the Hub's model). True stops the server, False keeps it whatever its age.""",
    ).tag(config=True)

    @default("cull_every")
    def _default_cull_every(self) -> int:
        return max(1, self.timeout // 2)


class CullerSettings(PeerSettings):
    """What the culler can be told."""

    rules = List(
        Dict(),
        help="""Rules for servers; the first that matches wins. Each has a `name`,
        perhaps a `match`, and any of: never, timeout, max_age, warn_before, busy_hold,
        lease_hours, lease_quota. See docs/culler.md.""",
    ).tag(config=True)
    user_rules = List(
        Dict(), help="Rules for users (with cull_users): never, timeout, max_age."
    ).tag(config=True)
    timezone = Unicode(
        "UTC", help="Where the rules' weekdays and hours are, such as Europe/Berlin."
    ).tag(config=True)
    warn_before = Integer(
        0, min=0, help="Seconds ahead that people are told; nobody is stopped untold."
    ).tag(config=True)
    busy_hold = Integer(
        0,
        min=0,
        help="Seconds that a busy server may go on when idle (needs servers_url).",
    ).tag(config=True)
    lease_hours = Float(
        0, min=0, help="Hours that users may keep a server at a time; 0: they may not."
    ).tag(config=True)
    lease_quota = Float(
        0, min=0, help="Hours that users may keep servers in any seven days; 0: any."
    ).tag(config=True)
    dry_run = Bool(False, help="Look, decide and tell, and stop nothing.").tag(
        config=True
    )
    servers_url = Unicode(
        help="""Where users' servers are reached, such as http://proxy:8000. If set,
        servers are asked for busy kernels, terminals and connections before they are
        stopped. Needs the scope access:servers."""
    ).tag(config=True)
    webhook_url = Unicode(help="Where warnings are POSTed as JSON.").tag(config=True)
    webhook_secret = Unicode(
        help="Signs what goes to webhook_url (X-Hub-Signature-256)."
    ).tag(config=True, env="CULLER_WEBHOOK_SECRET")
    mail_url = Unicode(
        help="""The mail server that warnings go to: smtp://HOST:PORT,
        smtp+tls://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…"""
    ).tag(config=True, env="CULLER_MAIL_URL")
    mail_from = Unicode(help="The sender of warnings.").tag(config=True)
    mail_address = Unicode(help="A user's address, such as {user}@example.org.").tag(
        config=True
    )
    max_stops = Integer(
        0, min=0, help="Hold a sweep that would stop more servers; 0: any number."
    ).tag(config=True)
    max_share = Float(
        0.9,
        min=0,
        max=1,
        help="""Hold a sweep that would stop more than this share of the running
        servers, from 20 servers on; 0: any share.""",
    ).tag(config=True)
    stale_after = Integer(
        0,
        min=0,
        help="""Hold a sweep of 20 servers or more when the Hub has heard of no
        activity for so many seconds; 0: however long. Without it, a sweep is still
        held when no server was ever heard of since it started.""",
    ).tag(config=True)
    clock_tolerance = Integer(
        120, min=1, help="Seconds that the clocks of Hub and culler may differ."
    ).tag(config=True)
    stop_patience = Float(
        60, min=0, help="Seconds to wait for a stopped server to be really gone."
    ).tag(config=True)
    keep_history = Integer(
        365, min=1, help="Days that the log of what was stopped is kept."
    ).tag(config=True)
    retention_hook = Callable(
        None,
        allow_none=True,
        help="""Called with the name of a removed user, once retention_days have
        passed and they are still gone: what to do with their data.""",
    ).tag(config=True)
    retention_days = Float(
        30, min=0, help="Days that the data of removed users are left alone."
    ).tag(config=True)
    retention_dry_run = Bool(
        True, help="Only say for whom retention_hook would be called."
    ).tag(config=True)

    @default("hub_concurrency")
    def _default_hub_concurrency(self) -> int:
        # Some are left for the pages while a sweep is busy.
        return (self.concurrency or 1000) + 5
