"""How people are told: over a real mail server, a webhook, a command."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.errors import SettingError
from jupyterhub_suite.services.status import outbox
from jupyterhub_suite.services.status.app import StatusService
from jupyterhub_suite.services.status.channels import make_channels
from jupyterhub_suite.services.status.channels.base import Channel, DeliveryFailed
from jupyterhub_suite.services.status.incidents import Incident
from jupyterhub_suite.services.status.model import Code
from jupyterhub_suite.services.status.news import Message, message
from jupyterhub_suite.services.status.outbox import Outbox
from tests.harness.processes import wait_for

from .mailserver import PASSWORD, USER, Mailbox, listening
from .sites import until
from .webhook import delivering, webhook

LOG = logging.getLogger("status-test")
BROKEN = Incident(1, "hub", 1_800_000_000, None, Code.CRITICAL, "No answer")
NEWS = message("failed", BROKEN, "Hub", "No answer")
CA = trustme.CA()


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


def certificate(host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    CA.issue_cert(host).configure_cert(context)
    return context


def email(mailbox: Mailbox, **options: Any) -> Channel:
    described = {
        "kind": "email",
        "host": "127.0.0.1",
        "port": mailbox.port,
        "sender": "Hub <hub@example.org>",
        "recipients": ["ops@example.org", "boss@example.org"],
        **options,
    }
    (channel,) = make_channels([described]).values()
    return channel


# E-mail


async def test_a_mail_is_sent_encrypted_after_a_login(ca_file: str) -> None:
    mailbox = Mailbox(free_port())
    secure = {"tls": "starttls", "ca_file": ca_file, "user": USER, "password": PASSWORD}
    with listening(mailbox, certificate(), login=True):
        await email(mailbox, **secure).deliver(vars(NEWS))
    (mail,) = mailbox.taken
    assert mail.rcpt_tos == ["ops@example.org", "boss@example.org"]
    assert (mailbox.encrypted, mailbox.users) == ([True], [USER])
    assert "Subject: [CRITICAL] hub: failed" in mailbox.last()
    assert "Hub fails (CRITICAL): No answer" in mailbox.last()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_mail_is_sent_with_tls_from_the_start(ca_file: str) -> None:
    mailbox = Mailbox(free_port())
    secure = {"tls": "tls", "ca_file": ca_file, "user": USER, "password": PASSWORD}
    with listening(mailbox, certificate(), login=True, from_the_start=True):
        await email(mailbox, **secure).deliver(vars(NEWS))
    assert mailbox.users == [USER]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "wr0ng"}, "answered 535"),
        ({"user": "", "password": ""}, "answered 530"),
        ({"ca_file": ""}, "certificate is no good: "),
        ({"tls": "none"}, "AUTH extension not supported"),
        ({"tls": "tls"}, "cannot be reached: SSLError"),
    ],
)
async def test_what_a_mail_server_refuses_is_said_without_secrets(
    ca_file: str, options: dict[str, str], said: str
) -> None:
    mailbox = Mailbox(free_port())
    right = {"tls": "starttls", "ca_file": ca_file, "user": USER, "password": PASSWORD}
    given = {k: v for k, v in {**right, **options}.items() if v}
    with (
        listening(mailbox, certificate(), login=True),
        pytest.raises(DeliveryFailed, match=said) as caught,
    ):
        await email(mailbox, **given).deliver(vars(NEWS))
    assert mailbox.taken == []
    for secret in (PASSWORD, "wr0ng", "example.org"):
        assert secret not in str(caught.value)


async def test_a_mail_servers_certificate_must_be_its_own(ca_file: str) -> None:
    mailbox = Mailbox(free_port())
    channel = email(mailbox, tls="starttls", ca_file=ca_file)
    with (
        listening(mailbox, certificate("elsewhere.example.org")),
        pytest.raises(DeliveryFailed, match=r"is no good: .* not valid for"),
    ):
        await channel.deliver(vars(NEWS))


async def test_a_refused_recipient_keeps_no_mail_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox = Mailbox(free_port(), refused_recipient="boss@example.org")
    with listening(mailbox):
        await email(mailbox).deliver(vars(NEWS))
    assert mailbox.taken[0].rcpt_tos == ["ops@example.org"]
    assert "no mail for 1 of 2 recipients" in caplog.text
    only = Mailbox(free_port(), refused_recipient="boss@example.org")
    with listening(only), pytest.raises(DeliveryFailed, match=r"refused all.*550"):
        await email(only, recipients=["boss@example.org"]).deliver(vars(NEWS))


def test_a_ca_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingError, match=r"notifications\[0\]: ca_file is '/no/ca'"):
        email(Mailbox(25), ca_file="/no/ca")


# Webhooks, and commands


def hook_channel(url: str, **options: str) -> Channel:
    (channel,) = make_channels([{"kind": "webhook", "url": url, **options}]).values()
    return channel


async def test_a_webhook_takes_a_proxy_from_its_settings_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with webhook() as hook:
        hook.status = 200
        await hook_channel(hook.url).deliver(vars(NEWS))
        away = "http://chat.example.org/hooks/s3cret"
        await hook_channel(away, proxy=hook.origin).deliver(vars(NEWS))
    assert hook.targets == ["/s3cret", away]


async def test_a_webhook_with_a_certificate_of_ones_own(ca_file: str) -> None:
    with webhook(certificate()) as hook:
        hook.status = 200
        with pytest.raises(DeliveryFailed, match=r"^ConnectError$"):
            await hook_channel(hook.url).deliver(vars(NEWS))
        await hook_channel(hook.url, ca_file=ca_file).deliver(vars(NEWS))
    assert len(hook.taken) == 1


async def test_a_command_is_told_by_its_input_and_knows_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "s3cret")
    heard = tmp_path / "heard"
    script = f"import os, sys; open({str(heard)!r}, 'w').write(sys.stdin.read() + repr(os.environ))"
    command = [sys.executable, "-c", script]
    (channel,) = make_channels([{"kind": "command", "command": command}]).values()
    await channel.deliver({"text": "; rm -rf"})
    assert '{"text": "; rm -rf"}' in heard.read_text()
    assert "s3cret" not in heard.read_text()


# What is kept until it is delivered


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/status.sqlite"
    database = Database(url, "status", StatusService.migrations)
    await database.upgrade()
    yield database
    await database.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(outbox, "LOOK", 0.05)


async def put(box: Outbox, database: Database, *news: Message) -> None:
    async with database.begin() as session:
        for message in news:
            await box.put(session, message, 0)


@pytest.mark.usefixtures("impatient")
async def test_a_mail_is_tried_again_after_a_4xx_and_after_the_server_is_away(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    # The message's time is made up, and so of long ago.
    monkeypatch.setattr(outbox, "GIVE_UP", float("inf"))
    mailbox = Mailbox(free_port(), answer="451 Try again later")
    box = Outbox(database, {"email": email(mailbox)}, LOG)
    await put(box, database, NEWS)
    with delivering(box):
        await until(lambda: "cannot be reached" in caplog.text, what="nobody there")
        with listening(mailbox):
            await until(lambda: mailbox.refused >= 2, what="two refusals")
            assert "the mail server answered 451" in caplog.text
            mailbox.answer = "250 OK"
            await until(lambda: len(mailbox.taken) == 1, what="the mail")
            await until_empty(box)
    assert len(mailbox.taken) == 1


async def until_empty(box: Outbox) -> None:
    async def empty() -> bool:
        return await box._due(float("inf")) == []

    await wait_for(empty, what="an empty outbox")


@pytest.mark.usefixtures("impatient")
async def test_a_channel_that_does_not_answer_keeps_no_other_waiting(
    database: Database,
) -> None:
    class Silent(Channel):
        kind = "silent"

        async def deliver(self, message: dict[str, Any]) -> None:
            await asyncio.Event().wait()

    with webhook() as hook:
        hook.status = 200
        channels = {"silent": Silent("silent"), "hook": hook_channel(hook.url)}
        box = Outbox(database, channels, LOG)
        await put(box, database, NEWS, replace(NEWS, check="proxy"))
        with delivering(box):
            await until(lambda: len(hook.taken) == 2, what="both deliveries")
