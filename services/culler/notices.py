"""Tells people that their server will stop: by webhook, by mail, and on the page.

A warning counts from when it is written down, which is after it was sent; one that
cannot be sent is still on the page, and in the log and the metrics.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from jupyterhub_suite.services.errors import SettingError

from .metrics import CullerMetrics
from .policy import Action
from .store import Store
from .survey import Finding, Survey

# What may stand before the @ without quotes.
PLAIN_NAME = re.compile(r"[A-Za-z0-9._+-]+")
AT_ONCE = 10
PATIENCE = 20


class Channel(Protocol):
    name: str

    async def send(self, notice: dict[str, Any]) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Notifier:
    store: Store
    metrics: CullerMetrics
    log: logging.Logger
    clock: Callable[[], datetime]
    page_url: str = ""
    channels: Sequence[Channel] = ()

    async def notify(self, survey: Survey) -> int:
        """Warn everybody who is due and has not been warned; how many those are."""
        due = [finding for finding in survey.servers.values() if is_due(finding)]
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(finding: Finding) -> None:
            async with slots:
                await self._warn(finding)

        await asyncio.gather(*(one(finding) for finding in due))
        return len(due)

    async def close(self) -> None:
        for channel in self.channels:
            await channel.close()

    async def _warn(self, finding: Finding) -> None:
        notice = {"event": "warning", "page": self.page_url, **describe(finding)}
        for channel in self.channels:
            try:
                await asyncio.wait_for(channel.send(notice), PATIENCE)
            except (
                httpx.HTTPError,
                smtplib.SMTPException,
                OSError,
                ValueError,
                asyncio.TimeoutError,
            ) as error:
                self.metrics.notice_errors.labels(channel.name).inc()
                self.log.error(
                    "%s could not be warned by %s: %s",
                    finding.server.key,
                    channel.name,
                    type(error).__name__,
                )
        await self.store.warn(finding.server.key, finding.decision, self.clock())


def is_due(finding: Finding) -> bool:
    """To be warned, and not yet since it has been idle."""
    decision, warned_at = finding.decision, finding.server.warned_at
    if decision.action is not Action.WARN:
        return False
    assert decision.since
    return warned_at is None or warned_at < decision.since


def describe(finding: Finding) -> dict[str, Any]:
    key, decision = finding.server.key, finding.decision
    return {
        "user": key.user,
        "server": key.server,
        "stop_at": decision.at.isoformat(timespec="seconds") if decision.at else None,
        "reason": decision.reason,
        "rule": decision.rule,
    }


class Webhook:
    """POSTs each notice as JSON; with a secret, signed as GitHub signs its own."""

    name = "webhook"

    def __init__(self, url: str, secret: str = "") -> None:
        self._url, self._secret = url, secret
        self._http = httpx.AsyncClient(timeout=PATIENCE)

    async def send(self, notice: dict[str, Any]) -> None:
        body = json.dumps(notice).encode()
        headers = {"Content-Type": "application/json"}
        if self._secret:
            digest = hmac.new(self._secret.encode(), body, "sha256").hexdigest()
            headers["X-Hub-Signature-256"] = f"sha256={digest}"
        response = await self._http.post(self._url, content=body, headers=headers)
        response.raise_for_status()

    async def close(self) -> None:
        await self._http.aclose()


class Mail:
    """Sends each notice to an address that is made from the user's name."""

    name = "mail"

    def __init__(self, url: str, sender: str, address: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps", "smtp+tls") or not parts.hostname:
            raise SettingError(
                "mail_url: expected smtp://HOST:PORT, smtp+tls://USER:PASSWORD@HOST"
                " (STARTTLS) or smtps://…"
            )
        if not sender or "{user}" not in address:
            raise SettingError(
                "mail_url is set: set mail_from, and mail_address such as"
                " '{user}@example.org'"
            )
        self._parts, self._sender, self._address = parts, sender, address

    async def send(self, notice: dict[str, Any]) -> None:
        if not PLAIN_NAME.fullmatch(notice["user"]):
            raise ValueError("the user's name makes no address")
        await asyncio.to_thread(self._deliver, self._message(notice))

    async def close(self) -> None:
        """Each delivery has a connection of its own."""

    def _message(self, notice: dict[str, Any]) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = self._address.replace("{user}", notice["user"])
        message["Subject"] = "Your server will be stopped"
        message.set_content(mail_text(notice))
        return message

    def _deliver(self, message: EmailMessage) -> None:
        with self._connect() as smtp:
            if self._parts.scheme == "smtp+tls":
                smtp.starttls(context=ssl.create_default_context())
            if self._parts.username:
                smtp.login(
                    unquote(self._parts.username), unquote(self._parts.password or "")
                )
            smtp.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port or 0
        if self._parts.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
        return smtplib.SMTP(host, port, timeout=PATIENCE)


def mail_text(notice: dict[str, Any]) -> str:
    which = f"Your server {notice['server']!r}" if notice["server"] else "Your server"
    return (
        f"{which} will be stopped at {notice['stop_at']}.\n\n"
        f"Why: {notice['reason']} (rule {notice['rule']}).\n"
        "To go on, open it and work in it. What is saved is kept.\n\n"
        f"{notice['page']}\n"
    )
