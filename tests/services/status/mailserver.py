"""A real mail server: with TLS and a login where wanted, and told how to answer."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TAKEN = "250 OK"
USER, PASSWORD = "hub", "s3cret"


@dataclass
class Mailbox:
    """What came in, and what is said to what comes next."""

    port: int
    answer: str = TAKEN
    refused_recipient: str = ""
    refused: int = 0
    taken: list[Envelope] = field(default_factory=list)
    users: list[Any] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if address == self.refused_recipient:
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answer == TAKEN:
            self.taken.append(envelope)
            self.users.append(session.auth_data)
            self.encrypted.append(session.ssl is not None)
        else:
            self.refused += 1
        return self.answer

    def last(self) -> str:
        """The last mail, as it came."""
        content = self.taken[-1].content
        assert isinstance(content, bytes)
        return content.decode()


def let_in(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
) -> AuthResult:
    right = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=login == right, handled=False, auth_data=USER)


@contextmanager
def listening(
    mailbox: Mailbox,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
    from_the_start: bool = False,
) -> Iterator[None]:
    """With TLS when the client asks for it (STARTTLS), or from the start."""
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        ssl_context=tls if from_the_start else None,
        tls_context=None if from_the_start else tls,
        require_starttls=tls is not None and not from_the_start,
        auth_require_tls=not from_the_start,
        auth_required=login,
        authenticator=let_in if login else None,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()
