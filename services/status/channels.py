"""Ways to tell somebody: a webhook, an e-mail, a command.

A channel raises `DeliveryFailed` with what may be logged: never an address or a
password, for a webhook's URL is a secret.
"""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from typing import Any, ClassVar

import httpx

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError, SettingError

from .news import slack

PATIENCE = 20.0


class DeliveryFailed(Exception):
    """A message was not taken; it is tried again later."""


class Channel:
    kind: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    required: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, **given: Any) -> None:
        self.name = name
        self._given = given

    def __getitem__(self, option: str) -> Any:
        return self._given.get(option, self.options[option].get("default"))

    async def deliver(self, message: dict[str, Any]) -> None:
        raise NotImplementedError


class Webhook(Channel):
    kind = "webhook"
    options = {
        "url": {"type": "string", "pattern": "^https?://"},
        "format": {"enum": ["json", "slack"], "default": "json"},
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
        },
    }
    required = ("url",)

    async def deliver(self, message: dict[str, Any]) -> None:
        body = slack(message) if self["format"] == "slack" else message
        try:
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                answer = await client.post(
                    self["url"], json=body, headers=self["headers"]
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryFailed(type(error).__name__) from None
        if not answer.is_success:
            raise DeliveryFailed(f"the webhook answered {answer.status_code}")


class Email(Channel):
    kind = "email"
    options = {
        "host": {"type": "string", "default": "localhost"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 25},
        "tls": {"enum": ["none", "starttls", "tls"], "default": "none"},
        "user": {"type": "string", "default": ""},
        "password": {"type": "string", "default": ""},
        "sender": {"type": "string", "minLength": 1},
        "recipients": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    }
    required = ("sender", "recipients")

    async def deliver(self, message: dict[str, Any]) -> None:
        try:
            await asyncio.to_thread(self._send, self.compose(message))
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(type(error).__name__) from None

    def compose(self, message: dict[str, Any]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self["sender"]
        mail["To"] = ", ".join(self["recipients"])
        subject = f"[{message['code']}] {message['check']}: {message['event']}"
        mail["Subject"] = subject
        lines = [message["text"], "", f"Since: {message['begin']}"]
        mail.set_content("\n".join(lines) + "\n")
        return mail

    def _send(self, mail: EmailMessage) -> None:
        context = ssl.create_default_context()
        if self["tls"] == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self["host"], self["port"], timeout=PATIENCE, context=context
            )
        else:
            server = smtplib.SMTP(self["host"], self["port"], timeout=PATIENCE)
        with server:
            if self["tls"] == "starttls":
                server.starttls(context=context)
            if self["user"]:
                server.login(self["user"], self["password"])
            server.send_message(mail)


class Command(Channel):
    """A program of the operator's own; it reads the message as JSON."""

    kind = "command"
    options = {
        "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    }
    required = ("command",)

    async def deliver(self, message: dict[str, Any]) -> None:
        # No shell, and nothing of the message on the command line. Our token is
        # none of its business.
        env = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTERHUB_")}
        try:
            process = await asyncio.create_subprocess_exec(
                *self["command"], stdin=asyncio.subprocess.PIPE, env=env
            )
        except OSError as error:
            raise DeliveryFailed(f"the command cannot run: {error.strerror}") from None
        try:
            given = json.dumps(message).encode()
            await asyncio.wait_for(process.communicate(given), PATIENCE)
        except asyncio.TimeoutError:
            raise DeliveryFailed(f"the command took over {PATIENCE:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise DeliveryFailed(f"the command ended with {process.returncode}")


CHANNELS: dict[str, type[Channel]] = {
    kind.kind: kind for kind in (Webhook, Email, Command)
}


def make_channels(wanted: Iterable[Mapping[str, Any]]) -> dict[str, Channel]:
    """The channels of a setting, by name; says which is wrong, and where."""
    channels: dict[str, Channel] = {}
    for number, options in enumerate(wanted):
        where = f"notifications[{number}]"
        kind = CHANNELS.get(str(options.get("kind")))
        if kind is None:
            known = ", ".join(CHANNELS)
            raise SettingError(f"{where}: kind must be one of {known}")
        try:
            bodies.check(dict(options), channel_schema(kind))
        except PublicError as error:
            # Only the field: a wrong value may well be a secret.
            field = error.details.get("field") or "it"
            raise SettingError(f"{where}: {field} is not as it should be") from None
        given = {k: v for k, v in options.items() if k not in ("kind", "name")}
        name = options.get("name", kind.kind)
        if name in channels:
            raise SettingError(f"{where}: the name {name!r} is taken")
        channels[name] = kind(name, **given)
    return channels


def channel_schema(kind: type[Channel]) -> bodies.Schema:
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 64},
            "kind": {"const": kind.kind},
            **kind.options,
        },
        "required": list(kind.required),
        "additionalProperties": False,
    }
