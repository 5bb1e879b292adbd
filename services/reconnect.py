"""A database that was there and restarts is waited for: a page comes late, and comes."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

# As long as people wait for a page; then they are told.
PATIENCE = 10.0
PAUSE = 0.1
# A machine that is gone refuses nothing: a call to it is tried anew, also elsewhere.
CALL = 2.0
# PostgreSQL's codes: it starts or ends just now, and all that is about connections.
STARTING, CONNECTION = "57P03", "08"
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
NETWORK = (ConnectionError, socket.gaierror, TimeoutError, asyncio.TimeoutError)


def is_away(error: BaseException | None) -> bool:
    """Does this say that the database does not answer, or broke off?"""
    if isinstance(error, DBAPIError):
        return bool(error.connection_invalidated)
    code = str(getattr(error, "sqlstate", ""))
    return code == STARTING or code.startswith(CONNECTION) or is_network(error)


def is_network(error: BaseException | None) -> bool:
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return True
    return isinstance(error, NETWORK)


class Reconnect:
    """Opens an engine's connections. One that never was there is not waited for:
    its address is wrong, and whoever starts the service wants to know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._met = False
        event.listen(engine.sync_engine, "do_connect", self._connect)

    def _connect(
        self, dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]
    ) -> Any:
        deadline = time.monotonic() + PATIENCE
        options = {"timeout": CALL, **options} if self._met else options
        while True:
            try:
                connection = dialect.connect(*arguments, **options)
            except Exception as error:
                if not self._met or not is_away(error) or time.monotonic() > deadline:
                    raise
            else:
                self._met = True
                return connection
            await_only(asyncio.sleep(PAUSE))
