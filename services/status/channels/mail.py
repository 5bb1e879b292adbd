"""E-mail, by a mail server of the site."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any

from ..trust import trusting
from .base import CA_FILE, PATIENCE, Channel, DeliveryFailed

log = logging.getLogger(__name__)


class Email(Channel):
    kind = "email"
    options = {
        "host": {"type": "string", "default": "localhost"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 25},
        "tls": {"enum": ["none", "starttls", "tls"], "default": "none"},
        "ca_file": CA_FILE,
        "user": {"type": "string", "default": ""},
        "password": {"type": "string", "default": ""},
        "sender": {"type": "string", "minLength": 1},
        "recipients": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    }
    required = ("sender", "recipients")

    def __init__(self, name: str, **given: Any) -> None:
        super().__init__(name, **given)
        self._tls = trusting(self["ca_file"])

    async def deliver(self, message: dict[str, Any]) -> None:
        try:
            refused = await asyncio.to_thread(self._send, self.compose(message))
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(in_words(error)) from None
        if refused:
            # The others have it: to try again would tell them twice.
            log.error(
                "%s: the mail server took no mail for %d of %d recipients",
                self.name,
                refused,
                len(self["recipients"]),
            )

    def compose(self, message: dict[str, Any]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self["sender"]
        mail["To"] = ", ".join(self["recipients"])
        subject = f"[{message['code']}] {message['check']}: {message['event']}"
        mail["Subject"] = subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._domain)
        # So that nobody's holiday notice answers.
        mail["Auto-Submitted"] = "auto-generated"
        lines = [message["text"], "", f"Since: {message['begin']}"]
        mail.set_content("\n".join(lines) + "\n")
        return mail

    @property
    def _domain(self) -> str:
        return parseaddr(self["sender"])[1].rpartition("@")[2] or "localhost"

    def _send(self, mail: EmailMessage) -> int:
        """Hand it over; how many of its recipients were refused."""
        with self._connect() as server:
            if self["tls"] == "starttls":
                server.starttls(context=self._tls)
            if self["user"]:
                server.login(self["user"], self["password"])
            return len(server.send_message(mail))

    def _connect(self) -> smtplib.SMTP:
        host, port = self["host"], self["port"]
        if self["tls"] == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=self._tls)
        return smtplib.SMTP(host, port, timeout=PATIENCE)


def in_words(error: Exception) -> str:
    """What may be logged: a mail server's own words quote addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return f"the mail server refused all recipients: {', '.join(map(str, codes))}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{error} Look at the settings tls and user"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is no good: {error.verify_message}"
    return f"the mail server cannot be reached: {type(error).__name__}"
