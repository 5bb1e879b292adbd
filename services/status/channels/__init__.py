"""Ways to tell somebody. A kind of channel is a class in CHANNELS, and nothing more.

base         the contract: options, and a delivery that may fail
webhook      one's own, Slack's, Mattermost's
mail         e-mail over SMTP
command      a program of the operator's own
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyterhub_suite.services import bodies
from jupyterhub_suite.services.errors import PublicError, SettingError

from .base import Channel
from .command import Command
from .mail import Email
from .webhook import Webhook

CHANNELS: dict[str, type[Channel]] = {
    kind.kind: kind for kind in (Webhook, Email, Command)
}


def make_channels(wanted: Iterable[Mapping[str, Any]]) -> dict[str, Channel]:
    """The channels of a setting, by name; says which is wrong, and where."""
    channels: dict[str, Channel] = {}
    for number, options in enumerate(wanted):
        where = f"notifications[{number}]"
        channel = make_channel(where, options)
        if channel.name in channels:
            raise SettingError(f"{where}: the name {channel.name!r} is taken")
        channels[channel.name] = channel
    return channels


def make_channel(where: str, options: Mapping[str, Any]) -> Channel:
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
    given = {key: value for key, value in options.items() if key != "kind"}
    try:
        return kind(**{"name": kind.kind, **given})
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None


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
