from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from jupyterhub_suite.services.culler.app import CullerService
from jupyterhub_suite.services.culler.metrics import CullerMetrics
from jupyterhub_suite.services.culler.notices import Mail, Notifier, Webhook
from jupyterhub_suite.services.culler.policy import decide
from jupyterhub_suite.services.culler.rules import Rule, Rules
from jupyterhub_suite.services.culler.server import Key, Person, Server
from jupyterhub_suite.services.culler.store import Store
from jupyterhub_suite.services.culler.survey import Finding, Survey
from jupyterhub_suite.services.database import Database
from jupyterhub_suite.services.errors import SettingError

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
RULES = Rules(Rule("default", timeout=3600, warn_before=600))
NOTICE = {
    "user": "ann",
    "server": "",
    "stop_at": "2026-11-21T12:10:00+00:00",
    "reason": "Idle for 1 h",
    "rule": "default",
    "page": "https://hub/services/culler/",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(
        f"sqlite:///{tmp_path}/culler.sqlite", "culler", CullerService.migrations
    )
    await database.upgrade()
    yield Store(database)
    await database.close()


@pytest.fixture
async def received() -> AsyncIterator[tuple[str, list[Any]]]:
    """A receiver of webhooks: its address, and what it got."""
    got: list[Any] = []

    class Receiver(RequestHandler):
        def post(self) -> None:
            got.append((self.request.headers, self.request.body))
            if self.request.path == "/broken":
                self.set_status(500)

    listener, port = bind_unused_port()
    server = HTTPServer(Application([(".*", Receiver)]))
    server.add_socket(listener)
    yield f"http://127.0.0.1:{port}", got
    server.stop()


def survey_of(idle: int, warned_at: datetime | None = None) -> Survey:
    server = Server(
        Person("ann"),
        started=NOW - timedelta(hours=9),
        last_activity=NOW - timedelta(seconds=idle),
        warned_at=warned_at,
    )
    finding = Finding(server, decide(server, NOW, RULES))
    return Survey(NOW, servers={server.key: finding})


def notifier(store: Store, *channels: Any) -> Notifier:
    metrics = CullerMetrics(CollectorRegistry())
    log = logging.getLogger("test")
    return Notifier(store, metrics, log, lambda: NOW, NOTICE["page"], channels)


async def test_a_warning_is_sent_signed_and_written_down_once(
    store: Store, received: tuple[str, list[Any]]
) -> None:
    url, got = received
    told = notifier(store, Webhook(url, "secret"))

    assert await told.notify(survey_of(idle=3000)) == 1

    ((headers, body),) = got
    assert json.loads(body) == {"event": "warning", **NOTICE}
    digest = hmac.new(b"secret", body, "sha256").hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert await store.warned_at() == {Key("ann", ""): NOW}
    assert await told.notify(survey_of(idle=3000, warned_at=NOW)) == 0
    await told.close()


async def test_nobody_is_warned_who_is_active(store: Store) -> None:
    assert await notifier(store).notify(survey_of(idle=10)) == 0
    assert await store.warned_at() == {}


async def test_a_channel_that_fails_is_counted_and_the_page_still_warns(
    store: Store, received: tuple[str, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    told = notifier(store, Webhook(received[0] + "/broken", "secret"))

    await told.notify(survey_of(idle=3000))

    assert "ann could not be warned by webhook" in caplog.text
    assert "secret" not in caplog.text
    assert told.metrics.notice_errors.labels("webhook")._value.get() == 1
    assert Key("ann", "") in await store.warned_at()
    await told.close()


def mail_server(received: list[str]) -> tuple[int, threading.Thread]:
    """The least that is a mail server, for one message."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, listener, connection.makefile("rw", newline="\r\n") as stream:
            stream.write("220 ready\r\n")
            stream.flush()
            in_message = False
            for line in stream:
                received.append(line.rstrip("\r\n"))
                word = line[:4].strip().upper()
                if in_message:
                    in_message = line != ".\r\n"
                    answer = "" if in_message else "250 taken"
                else:
                    in_message = word == "DATA"
                    answer = "354 go on" if in_message else "250 fine"
                    answer = "221 bye" if word == "QUIT" else answer
                if answer:
                    stream.write(answer + "\r\n")
                    stream.flush()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener.getsockname()[1], thread


async def test_a_warning_goes_out_by_mail() -> None:
    received: list[str] = []
    port, thread = mail_server(received)
    mail = Mail(f"smtp://127.0.0.1:{port}", "hub@example.org", "{user}@example.org")

    await mail.send(NOTICE)
    await asyncio.to_thread(thread.join, 10)

    assert "To: ann@example.org" in received
    assert any("will be stopped at 2026-11-21T12:10" in line for line in received)


@pytest.mark.parametrize("name", ["a b", "a\r\nBcc: b", "ann@evil.org, b", "日本"])
async def test_a_name_that_makes_no_address_gets_no_mail(name: str) -> None:
    mail = Mail("smtp://127.0.0.1:9", "hub@example.org", "{user}@example.org")
    with pytest.raises(ValueError, match="makes no address"):
        await mail.send({**NOTICE, "user": name})


def test_a_mail_url_that_cannot_be_used_is_refused_without_its_password() -> None:
    with pytest.raises(SettingError) as caught:
        Mail("http://u:geheim@host", "a@b.c", "{user}@b.c")
    assert "mail_url" in str(caught.value)
    assert "geheim" not in str(caught.value)
